// What can be asked of this schema, to begin with. Both playgrounds show these.

export const examples = [
  { name: "What this service is", query: `# Needs no token.
query Service {
  service {
    apiVersion
    schemaVersion
  }
}` },
  { name: "Who am I", query: `query Me {
  me {
    username
    memberships {
      key
      name
      role
      community { key name }
      area { name }
      deliveryPoints { code type active }
      assets { nodes { key name type } }
    }
  }
}` },
  { name: "Communities", query: `query Communities {
  communities(first: 20, orderBy: NAME_ASC) {
    totalCount
    nodes {
      key
      name
      contact { email }
      settings { currency timezone }
      areas { key name boundary { source id } }
    }
    pageInfo { hasNextPage endCursor }
  }
}` },
  { name: "A community, all of it", variables: { key: "valle-chiara" }, query: `query Community($key: String!) {
  community(key: $key) {
    name
    members(first: 50) {
      nodes {
        key
        name
        role
        area { name }
        deliveryPoints { code }
        assets {
          nodes { name type owner { name } }
        }
      }
    }
  }
}` },
  { name: "Members, page by page", variables: { first: 10, after: null }, query: `query Members($first: Int, $after: String) {
  members(
    first: $first
    after: $after
    filter: { status: { eq: ACTIVE }, assets: { some: { type: { eq: PV } } } }
    orderBy: NAME_ASC
  ) {
    totalCount
    nodes { key name role community { key } }
    pageInfo { hasNextPage endCursor }
  }
}` },
  { name: "Assets by kind", query: `query Assets {
  assets(first: 25, filter: { type: { in: [PV, STORAGE, HEAT_PUMP] } }) {
    nodes {
      key
      name
      ... on PvAsset { ratedPower orientation tiltAngle }
      ... on StorageAsset { capacity batteryType }
      ... on HeatPumpAsset { thermalPower cop }
      device { manufacturer model }
      owner { name }
    }
  }
}` },
  { name: "Who holds this sensor", variables: { sensorId: "edge-7f31a0" }, query: `query Holder($sensorId: String!) {
  assetBySensorId(sensorId: $sensorId) {
    key
    name
    owner { key name community { key name } }
    measures { key type }
    ... on MeterAsset { deliveryPoint { code address } }
  }
}` },
  { name: "The grid of a community", variables: { key: "valle-chiara" }, query: `query Grid($key: String!) {
  community(key: $key) {
    operators { key name country }
    topology {
      id
      type
      operator { name }
      parent { id }
      children { id type }
      areas { key name }
    }
  }
}` },
  { name: "Numbers of a community", variables: { key: "valle-chiara" }, query: `# Powers in kW, energy in kWh.
query Numbers($key: String!) {
  community(key: $key) {
    stats {
      memberCount
      membersByRole { role count }
      assetsByType { type count }
      installedPvPowerKw
      storageCapacityKwh
      deliveryPointsActive
    }
    areas { key stats { memberCount installedPvPowerKw } }
    members(filter: { status: { eq: ACTIVE } }) {
      stats { memberCount installedPvPowerKw }
    }
    topology {
      id
      inCycle
      descendants { id }
      stats { memberCount installedPvPowerKw }
    }
  }
}` },
  { name: "Changes as they happen", query: `# Stays open and tells of every change.
# To see one: "Try an import", without its dryRun.
subscription Changes {
  communityChanged {
    kind
    revision
    at
    community { key name }
  }
}` },
  { name: "Try an import", variables: { yaml: "community: {id: trial, name: A trial}\n" }, query: `# A dry run: it reports what an import would do, and writes nothing.
mutation Try($yaml: String!) {
  importYaml(yaml: $yaml, dryRun: true) {
    reports {
      communityKey
      inserted { member deliveryPoint asset }
      warnings
      refusals { code path detail }
    }
  }
}` },
];
