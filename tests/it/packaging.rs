//! What is packaged fits the program: its settings, its commands, its routes, its grants. `packaging/lint.sh` asks the
//! tools of those who run it whether it is well written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{CommandFactory as _, Parser as _};
use rec_registry::cli::Cli;
use rec_registry::domain::grant::Operation;
use serde_json::Value;

use crate::support::command::run;
use crate::support::database::{missing, must_be_complete};
use crate::support::server::{PROGRAM, Server};
use crate::support::{TestApp, TestDatabase, on_both_databases};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> Value {
    serde_yaml_ng::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn manifest(name: &str) -> Value {
    yaml(&format!("packaging/kubernetes/{name}.yaml"))
}

/// The words of a list of strings.
fn words(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter().map(|word| word.as_str().unwrap_or_else(|| panic!("no text: {word}")).to_owned()).collect()
}

/// A map of strings, such as environment variables.
fn map(object: &Value) -> BTreeMap<String, String> {
    let object = object.as_object().unwrap_or_else(|| panic!("no object: {object}"));
    object.iter().map(|(key, value)| (key.clone(), value.as_str().expect("a text").to_owned())).collect()
}

/// The lines `NAME=value` of a text.
fn assignments(lines: &str) -> BTreeMap<String, String> {
    let lines = lines.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(name, value)| (name.into(), value.into())).collect()
}

/// What `packaging/build-image-stages.py` makes of the Dockerfile; none without Python, which is said loudly.
fn plan() -> Option<Value> {
    let script = root().join("packaging/build-image-stages.py");
    match run(Command::new("python3").arg(script).arg("--plan")) {
        Ok(plan) => Some(serde_json::from_str(&plan).expect("the plan is JSON")),
        Err(reason) => {
            missing("the Dockerfile", &reason);
            assert!(!must_be_complete(), "{reason}");
            None
        }
    }
}

/// What the image says of how it is run.
fn image(plan: &Value) -> &Value {
    let stages = plan["stages"].as_array().expect("stages");
    &stages.last().expect("the image")["settings"]
}

/// The container of the deployment.
fn container() -> Value {
    manifest("deployment")["spec"]["template"]["spec"]["containers"][0].take()
}

/// The settings of the registry in the deployment: those of the map, and its own.
fn settings_on_kubernetes() -> BTreeMap<String, String> {
    let mut settings = assignments(&text("packaging/kubernetes/settings.env"));
    for variable in container()["env"].as_array().expect("variables") {
        let [name, value] =
            [&variable["name"], &variable["value"]].map(|text| text.as_str().expect("a text"));
        settings.insert(name.to_owned(), value.to_owned());
    }
    settings
}

fn settings_of_the_composition() -> BTreeMap<String, String> {
    map(&yaml("packaging/compose/compose.yaml")["services"]["registry"]["environment"])
}

/// The settings that the unit itself makes.
fn settings_of_the_unit() -> BTreeMap<String, String> {
    let unit = text("packaging/rec-registry.service");
    let lines: Vec<_> = unit.lines().filter_map(|line| line.strip_prefix("Environment=")).collect();
    assignments(&lines.join("\n"))
}

/// The variables that a command reads.
fn variables_of(command: &str) -> BTreeSet<String> {
    let program = Cli::command();
    let command = program.find_subcommand(command).expect("a command");
    let arguments = command.get_arguments().chain(program.get_arguments());
    arguments.filter_map(|argument| argument.get_env()?.to_str()).map(str::to_owned).collect()
}

/// What the allocator reads, which is no setting of the program.
const OF_THE_ALLOCATOR: [&str; 2] = ["MIMALLOC_PURGE_DELAY", "MIMALLOC_GENERIC_COLLECT"];

#[test]
fn every_setting_that_is_packaged_is_one_of_serve() {
    let mut known = variables_of("serve");
    known.extend(OF_THE_ALLOCATOR.map(str::to_owned));
    assert!(known.len() > 20, "{known:?}");
    let Some(plan) = plan() else { return };
    for (place, settings) in [
        ("the image", map(&image(&plan)["ENV"])),
        ("the composition", settings_of_the_composition()),
        ("Kubernetes", settings_on_kubernetes()),
        ("the unit", settings_of_the_unit()),
    ] {
        assert!(!settings.is_empty(), "{place} sets nothing");
        for name in settings.keys() {
            assert!(known.contains(name), "{place} sets {name}, which serve does not read");
        }
    }
}

#[test]
fn the_image_and_the_unit_tell_the_allocator_the_same() {
    let Some(plan) = plan() else { return };
    let (image, unit) = (map(&image(&plan)["ENV"]), settings_of_the_unit());
    for name in OF_THE_ALLOCATOR {
        assert!(image.contains_key(name), "{name} is not set");
        assert_eq!(image.get(name), unit.get(name), "{name}");
    }
}

/// What begins a name in the root of the sources, as the playground's own files import it.
const FROM_THE_ROOT: &str = "from \"../../";

#[test]
fn the_stage_of_the_playground_has_what_it_imports_of_the_rest() {
    let Some(plan) = plan() else { return };
    let stages = plan["stages"].as_array().expect("stages");
    let stage = stages.iter().find(|stage| stage["name"] == "playground").expect("the playground's stage");
    let steps = stage["steps"].as_array().expect("steps").iter();
    let copied: BTreeSet<&str> =
        steps.filter_map(|step| step["copy"].as_array()).flatten().filter_map(Value::as_str).collect();
    let mut imported = BTreeSet::new();
    for file in std::fs::read_dir(root().join("playground/src")).expect("the playground's sources") {
        let source = std::fs::read_to_string(file.expect("a file").path()).expect("a text");
        let names = source.split(FROM_THE_ROOT).skip(1).filter_map(|rest| rest.split('"').next());
        imported.extend(names.map(str::to_owned));
    }
    assert!(!imported.is_empty(), "its examples are those that the suite runs");
    for name in imported {
        assert!(copied.contains(name.as_str()), "{name} is imported, and copied are {copied:?}");
    }
}

/// Runs `serve` with these settings and nothing else of this environment, on a database that is not there.
fn served_without_its_database(settings: BTreeMap<String, String>, url: &str) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("url");
    // An address that counts as another machine's, and at which nobody answers.
    let mut elsewhere = reqwest::Url::parse(url.trim()).expect("a URL");
    elsewhere.set_host(Some("0.0.0.0")).expect("a host");
    elsewhere.set_port(Some(1)).expect("a port");
    std::fs::write(&file, format!("{elsewhere}\n")).expect("a file is written");
    let settings = settings.into_iter().filter(|(name, _)| name != "DATABASE_URL_FILE");
    let served = Command::new(PROGRAM)
        .arg("serve")
        .env_clear()
        .envs(settings)
        .env("DATABASE_URL_FILE", file)
        .env("REC_REGISTRY_DATABASE_ACQUIRE_TIMEOUT", "1s")
        .output()
        .expect("the program runs");
    assert_eq!(served.status.code(), Some(1));
    String::from_utf8_lossy(&served.stderr).into_owned()
}

#[test]
fn with_what_is_packaged_it_starts_closed_and_looks_for_its_database() {
    let example = manifest("secret.example")["stringData"]["url"].as_str().expect("a URL").to_owned();
    for (settings, url) in [
        (settings_of_the_composition(), text("packaging/compose/secrets/database-url")),
        (settings_on_kubernetes(), example.replace("PASSWORD", "a-password-of-ones-own")),
    ] {
        assert!(settings.contains_key("DATABASE_URL_FILE"));
        let said = served_without_its_database(settings, &url);
        assert!(said.contains("cannot open the database postgres://0.0.0.0/registry"), "{said}");
    }
    // Whoever applies the example as it is learns that it is one.
    let said = served_without_its_database(settings_on_kubernetes(), &example);
    assert!(said.contains("a password that everybody knows"), "{said}");
}

#[test]
fn every_command_that_is_packaged_is_one_of_the_program() {
    let Some(plan) = plan() else { return };
    let image = image(&plan);
    let entry = words(&image["ENTRYPOINT"]);
    let [serves, backs_up] =
        ["packaging/rec-registry.service", "packaging/backup/rec-registry-backup.service"].map(|unit| {
            let unit = text(unit);
            let started = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
            started.split(' ').map(str::to_owned).collect::<Vec<_>>()
        });
    for line in [
        [entry.clone(), words(&image["CMD"])].concat(),
        [entry, words(&container()["args"])].concat(),
        words(&image["HEALTHCHECK"]),
        serves,
        backs_up,
    ] {
        assert!(line[0].ends_with("/bin/rec-registry"), "{line:?}");
        Cli::try_parse_from(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
    }
    let health = variables_of("healthcheck");
    assert!(
        health.contains("REC_REGISTRY_LISTEN"),
        "the health check asks where the image listens: {health:?}"
    );
}

on_both_databases! {
    async fn the_health_check_says_whether_a_registry_is_well(database: TestDatabase) {
        let server = Server::start(database.directory(), &database.url).await;
        let address = server.address().to_owned();
        let check = |more: &[&str]| run(Command::new(PROGRAM).args(["healthcheck", "--listen", &address]).args(more));
        assert_eq!(check(&[]), Ok(String::new()));
        assert_eq!(check(&["--ready"]), Ok(String::new()));
        server.kill();
        let said = check(&[]).expect_err("nobody is there");
        assert!(said.contains("exit status: 1") && said.contains("nobody answers"), "{said}");
    }

    async fn probes_ask_routes_that_are_there(app: TestApp) {
        let container = container();
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let asked = &container[probe]["httpGet"];
            assert_eq!(asked["port"], "http", "{probe}");
            app.get(asked["path"].as_str().expect("a path")).await.text(200);
        }
    }
}

#[test]
fn ports_are_those_that_it_listens_on() {
    let settings = settings_on_kubernetes();
    let port = |setting: &str| {
        let (_, port) = settings[setting].rsplit_once(':').expect("an address has a port");
        port.parse::<u16>().expect("a port")
    };
    let ports: BTreeMap<_, _> = container()["ports"]
        .as_array()
        .expect("ports")
        .iter()
        .map(|port| (port["name"].as_str().expect("a name").to_owned(), port["containerPort"].clone()))
        .collect();
    assert_eq!(ports["http"], port("REC_REGISTRY_LISTEN"));
    assert_eq!(ports["metrics"], port("REC_REGISTRY_METRICS_LISTEN"));
    assert_eq!(manifest("service")["spec"]["ports"][0]["targetPort"], "http");
    let policy = manifest("network-policy");
    let let_in = policy["spec"]["ingress"].as_array().expect("rules");
    assert!(let_in.iter().all(|rule| ports.contains_key(rule["ports"][0]["port"].as_str().expect("a name"))));

    let Some(plan) = plan() else { return };
    let image = image(&plan);
    let listens = image["ENV"]["REC_REGISTRY_LISTEN"].as_str().expect("an address");
    let exposed = image["EXPOSE"].as_str().expect("a port");
    assert_eq!(listens, format!("0.0.0.0:{exposed}"));
    let composition = yaml("packaging/compose/compose.yaml");
    let published = words(&composition["services"]["registry"]["ports"]);
    assert!(published.contains(&format!("127.0.0.1:{exposed}:{exposed}")), "{published:?}");
}

#[test]
fn the_manifests_name_each_other() {
    let deployment = manifest("deployment");
    let pod = &deployment["spec"]["template"];
    let labels = &pod["metadata"]["labels"];
    assert_eq!(&deployment["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&manifest("service")["spec"]["selector"], labels);
    assert_eq!(&manifest("disruption-budget")["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&manifest("network-policy")["spec"]["podSelector"]["matchLabels"], labels);
    assert_eq!(pod["spec"]["serviceAccountName"], manifest("service-account")["metadata"]["name"]);

    let all = manifest("kustomization");
    assert_eq!(all["configMapGenerator"][0]["name"], container()["envFrom"][0]["configMapRef"]["name"]);
    assert_eq!(all["images"][0]["name"], container()["image"]);
    assert_eq!(all["images"][0]["newTag"], env!("CARGO_PKG_VERSION"));
    let listed: BTreeSet<_> = words(&all["resources"]).into_iter().collect();
    let there: BTreeSet<_> = std::fs::read_dir(root().join("packaging/kubernetes"))
        .expect("the folder")
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".yaml") && name != "kustomization.yaml" && !name.contains(".example."))
        .collect();
    assert_eq!(listed, there);

    let secret = manifest("secret.example");
    assert_eq!(pod["spec"]["volumes"][0]["secret"]["secretName"], secret["metadata"]["name"]);
    assert_eq!(secret["metadata"]["namespace"], all["namespace"]);
    let mounted = container()["volumeMounts"][0]["mountPath"].as_str().expect("a path").to_owned();
    let key = secret["stringData"].as_object().and_then(|data| data.keys().next()).expect("a key").clone();
    assert_eq!(settings_on_kubernetes()["DATABASE_URL_FILE"], format!("{mounted}/{key}"));
}

#[test]
fn the_image_runs_as_nobody_and_says_which_program_it_holds() {
    let Some(plan) = plan() else { return };
    let stages = plan["stages"].as_array().expect("stages");
    assert_eq!(stages.last().expect("the image")["base"], "scratch");
    let image = image(&plan);
    let labels = map(&image["LABEL"]);
    assert_eq!(labels["org.opencontainers.image.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(labels["org.opencontainers.image.title"], env!("CARGO_PKG_NAME"));
    assert_eq!(image["STOPSIGNAL"], "SIGTERM");
    let (user, group) = image["USER"].as_str().and_then(|user| user.split_once(':')).expect("user and group");
    let [user, group] =
        [user, group].map(|id| id.parse::<u32>().expect("a number, which orchestrators can judge"));
    assert!(user > 0 && group > 0);
    let security = &manifest("deployment")["spec"]["template"]["spec"]["securityContext"];
    assert_eq!((&security["runAsUser"], &security["runAsGroup"]), (&user.into(), &group.into()));
    let steps = stages.iter().flat_map(|stage| stage["steps"].as_array().expect("steps"));
    let owners: Vec<_> = steps.filter_map(|step| step["owner"].as_str()).collect();
    assert_eq!(owners, [format!("{user}:{group}")]);
}

#[test]
fn without_docker_the_same_commands_are_run() {
    let Some(plan) = plan() else { return };
    let joined = text("Dockerfile").replace("\\\n", " ");
    let commands: Vec<String> = joined
        .lines()
        .filter_map(|line| line.strip_prefix("RUN "))
        .map(|line| {
            let words = line.split_whitespace().filter(|word| !word.starts_with("--mount="));
            words.collect::<Vec<_>>().join(" ")
        })
        .collect();
    let steps = plan["stages"].as_array().expect("stages").iter().flat_map(|stage| stage["steps"].as_array());
    let planned: Vec<String> = steps
        .flatten()
        .filter(|step| step["run"].is_array())
        .map(|step| words(&step["run"]).join(" "))
        .collect();
    assert!(!planned.is_empty());
    assert_eq!(planned, commands);
    let sent = words(&plan["context"]);
    for script in planned.iter().filter(|command| command.contains('/')) {
        let script = script.split(' ').next().expect("a command");
        assert!(sent.iter().any(|path| path == script), "{script} does not reach the builder");
    }
}

#[test]
fn a_builder_gets_what_the_program_is_made_of_and_nothing_else() {
    let Some(plan) = plan() else { return };
    let sent: BTreeSet<_> = words(&plan["context"]).into_iter().map(PathBuf::from).collect();
    let made_of = [
        "Cargo.toml",
        "Cargo.lock",
        "build.rs",
        ".cargo/config.toml",
        "src",
        "entity",
        "migration",
        "examples",
    ];
    for part in made_of {
        for file in files(&root().join(part)) {
            assert!(sent.contains(file.strip_prefix(root()).expect("below the root")), "{}", file.display());
        }
    }
    for file in &sent {
        let outside =
            ["target", "data", ".git", "docs", "tests", "playground/dist", "playground/node_modules"];
        assert!(!outside.iter().any(|folder| file.starts_with(folder)), "{}", file.display());
        assert!(
            !file.starts_with("packaging/compose") && !file.starts_with("packaging/kubernetes"),
            "{}",
            file.display()
        );
    }
}

/// A file itself, or the files below a folder.
fn files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let entries = std::fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    entries.flat_map(|entry| files(&entry.expect("an entry").path())).collect()
}

#[test]
fn the_realm_of_the_trial_grants_what_the_registry_asks_for() {
    let realm: Value =
        serde_json::from_str(&text("packaging/compose/realm.json")).expect("the realm is JSON");
    let list = |name: &str| realm[name].as_array().unwrap_or_else(|| panic!("no {name}")).clone();
    let names = |list: &[Value], key: &str| -> BTreeSet<String> {
        list.iter().map(|entry| entry[key].as_str().expect("a name").to_owned()).collect()
    };
    let (scopes, mappings) = (list("clientScopes"), list("scopeMappings"));
    let granted = names(&mappings, "clientScope");
    for operation in Operation::ALL {
        assert!(granted.contains(operation.required_scope()), "{operation:?}");
    }
    // What nobody needs a role for, everybody may have.
    let free: Vec<_> = names(&scopes, "name").difference(&granted).cloned().collect();
    assert_eq!(free, ["registry"]);
    for scope in granted {
        let (operation, _) = scope.split_once(':').unwrap_or((&scope, ""));
        let known = Operation::ALL.iter().any(|known| known.required_scope() == operation);
        assert!(known || operation == "rec-registry.admin", "the registry knows no {scope}");
    }
    // Keycloak takes each part of a composite role for the whole when it looks who may have a scope.
    let roles = realm["roles"]["realm"].as_array().expect("roles").clone();
    assert!(roles.iter().all(|role| role["composites"].is_null()));
    let roles = names(&roles, "name");
    for mapping in &mappings {
        assert!(words(&mapping["roles"]).iter().all(|role| roles.contains(role)), "{mapping}");
    }

    let settings = settings_of_the_composition();
    let issuer = format!("http://localhost:8080/realms/{}", realm["realm"].as_str().expect("a name"));
    assert_eq!(settings["REC_REGISTRY_AUTH_ISSUER"], issuer);
    let mappers = scopes[0]["protocolMappers"].as_array().expect("mappers");
    let said = |kind: &str| {
        let mapper = mappers.iter().find(|mapper| mapper["protocolMapper"] == kind);
        mapper.unwrap_or_else(|| panic!("no {kind}"))["config"].clone()
    };
    let audience = &said("oidc-audience-mapper")["included.custom.audience"];
    assert_eq!(settings["REC_REGISTRY_AUTH_AUDIENCE"], *audience);
    assert_eq!(said("oidc-usermodel-attribute-mapper")["claim.name"], "preferred_username");
    for client in list("clients") {
        assert!(words(&client["defaultClientScopes"]).contains(&"registry".to_owned()), "{client}");
    }
    let examples = text("examples/valle-chiara.yaml");
    for member in ["anna.zeni", "giulia.conti"] {
        assert!(names(&list("users"), "username").contains(member));
        assert!(examples.contains(&format!("user_id: {member}\n")), "{member}");
    }
}
