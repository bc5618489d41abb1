//! The grid of a community as a graph: what lies above and below a node. A node lies below another when
//! it names it as its parent or is named among its children. Data may go in circles; every walk takes each
//! node once, so it ends, and says which nodes the circles are made of.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use super::community::{Area, TopologyNode};

/// Some areas of one community.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AreaSet {
    /// The id of the community.
    pub community: Uuid,
    /// The keys of the areas, each once.
    pub keys: Arc<[String]>,
}

impl AreaSet {
    /// One area.
    #[must_use]
    pub fn one(community: Uuid, key: &str) -> Self {
        Self { community, keys: [key.to_owned()].into() }
    }
}

/// The nodes of a grid by their places in the topology, and the areas by theirs in the list of areas.
#[derive(Debug)]
pub struct Grid {
    below: Vec<Vec<usize>>,
    above: Vec<Vec<usize>>,
    areas: Vec<Vec<usize>>,
    in_cycle: Vec<bool>,
}

impl Grid {
    /// The grid of these nodes, whose children are worked out, and areas.
    #[must_use]
    pub fn new(nodes: &[TopologyNode], areas: &[Area]) -> Self {
        let places: HashMap<&str, usize> =
            nodes.iter().enumerate().rev().map(|(at, node)| (node.id.as_str(), at)).collect();
        let place = |id: &String| places.get(id.as_str()).copied();
        let below: Vec<Vec<usize>> =
            nodes.iter().map(|node| node.children.iter().filter_map(place).collect()).collect();
        let mut above = vec![Vec::new(); nodes.len()];
        for (at, children) in below.iter().enumerate() {
            for &child in children {
                above[child].push(at);
            }
        }
        let mut named_by = vec![Vec::new(); nodes.len()];
        for (at, area) in areas.iter().enumerate() {
            for node in area.topology.iter().filter_map(place) {
                if named_by[node].last() != Some(&at) {
                    named_by[node].push(at);
                }
            }
        }
        let in_cycle = in_cycles(&below, &above);
        Self { below, above, areas: named_by, in_cycle }
    }

    /// The nodes above one, nearest first, without itself.
    #[must_use]
    pub fn ancestors(&self, at: usize) -> Vec<usize> {
        walk(&self.above, at)
    }

    /// The nodes below one, nearest first, without itself; those of one level in the order of their parents,
    /// then of the nodes.
    #[must_use]
    pub fn descendants(&self, at: usize) -> Vec<usize> {
        walk(&self.below, at)
    }

    /// Whether the way down from a node leads back to it, which no true grid does.
    #[must_use]
    pub fn in_cycle(&self, at: usize) -> bool {
        self.in_cycle[at]
    }

    /// The areas that name a node.
    #[must_use]
    pub fn areas_of(&self, at: usize) -> &[usize] {
        &self.areas[at]
    }

    /// The areas that name a node or one below it, out of the areas that the grid was made of.
    #[must_use]
    pub fn areas_below(&self, at: usize, community: Uuid, areas: &[Area]) -> AreaSet {
        let nodes = std::iter::once(at).chain(self.descendants(at));
        let mut places: Vec<usize> = nodes.flat_map(|node| self.areas[node].iter().copied()).collect();
        places.sort_unstable();
        places.dedup();
        let keys = places.into_iter().filter_map(|at| Some(areas.get(at)?.key.clone())).collect();
        AreaSet { community, keys }
    }
}

/// Every node that is reached from one, breadth first, without itself.
fn walk(edges: &[Vec<usize>], from: usize) -> Vec<usize> {
    let mut seen = vec![false; edges.len()];
    seen[from] = true;
    let mut found = Vec::new();
    let mut waiting = VecDeque::from([from]);
    while let Some(at) = waiting.pop_front() {
        for &next in &edges[at] {
            if !std::mem::replace(&mut seen[next], true) {
                found.push(next);
                waiting.push_back(next);
            }
        }
    }
    found
}

/// Which nodes lie on a circle: those whose strongly connected component has more than one node, or that
/// lie below themselves (Kosaraju's algorithm, without recursion: a grid may be as deep as it is large).
fn in_cycles(below: &[Vec<usize>], above: &[Vec<usize>]) -> Vec<bool> {
    let mut seen = vec![false; below.len()];
    let mut finished = Vec::with_capacity(below.len());
    for root in 0..below.len() {
        if std::mem::replace(&mut seen[root], true) {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some((at, taken)) = path.last_mut() {
            match below[*at].get(*taken) {
                Some(&next) => {
                    *taken += 1;
                    if !std::mem::replace(&mut seen[next], true) {
                        path.push((next, 0));
                    }
                }
                None => {
                    finished.push(*at);
                    path.pop();
                }
            }
        }
    }
    let mut in_cycle: Vec<bool> =
        below.iter().enumerate().map(|(at, children)| children.contains(&at)).collect();
    let mut placed = vec![false; below.len()];
    for &root in finished.iter().rev() {
        if std::mem::replace(&mut placed[root], true) {
            continue;
        }
        let mut component = vec![root];
        let mut next = 0;
        while let Some(&at) = component.get(next) {
            next += 1;
            for &before in &above[at] {
                if !std::mem::replace(&mut placed[before], true) {
                    component.push(before);
                }
            }
        }
        if component.len() > 1 {
            component.iter().for_each(|&at| in_cycle[at] = true);
        }
    }
    in_cycle
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::closed_set::TopologyNodeType;

    fn id(at: &usize) -> String {
        format!("n{at}")
    }

    /// Nodes by place, each with its children.
    fn nodes(children: &[&[usize]]) -> Vec<TopologyNode> {
        let node = |(at, children): (usize, &&[usize])| TopologyNode {
            id: id(&at),
            node_type: TopologyNodeType::Feeder,
            name: None,
            operator_id: None,
            parent: None,
            area: None,
            children: children.iter().map(id).collect(),
            extra: Vec::new(),
        };
        children.iter().enumerate().map(node).collect()
    }

    fn grid(children: &[&[usize]]) -> Grid {
        Grid::new(&nodes(children), &[])
    }

    fn area(key: &str, topology: &[usize]) -> Area {
        Area {
            key: key.to_owned(),
            name: String::new(),
            boundary: None,
            topology: topology.iter().map(id).collect(),
            location: None,
            geometry: None,
            extra: Vec::new(),
        }
    }

    #[test]
    fn ways_up_and_down_take_the_nearest_first() {
        let grid = grid(&[&[1, 2], &[3], &[4], &[], &[9]]);
        assert_eq!(grid.descendants(0), [1, 2, 3, 4]);
        assert_eq!(grid.ancestors(4), [2, 0]);
        assert!((0..5).all(|at| !grid.in_cycle(at)));
    }

    #[test]
    fn circles_are_cut_and_their_nodes_are_known() {
        // 0 → 1 → 2 → 1, 2 → 3, 4 → 4, and 3 between two circles.
        let grid = grid(&[&[1], &[2], &[1, 3], &[4], &[4]]);
        assert_eq!(grid.descendants(1), [2, 3, 4]);
        assert_eq!(grid.ancestors(1), [0, 2]);
        assert_eq!((0..5).map(|at| grid.in_cycle(at)).collect::<Vec<_>>(), [false, true, true, false, true]);
    }

    #[test]
    fn the_areas_below_a_node_are_its_own_and_those_further_down_each_once() {
        let areas = [area("a", &[2]), area("b", &[0, 0]), area("c", &[1, 2])];
        let grid = Grid::new(&nodes(&[&[1], &[2], &[]]), &areas);
        let below = |at| grid.areas_below(at, Uuid::nil(), &areas).keys.join(" ");
        assert_eq!(grid.areas_of(0), [1]);
        assert_eq!((below(0), below(1)), ("a b c".to_owned(), "a c".to_owned()));
    }

    #[test]
    fn a_grid_may_be_as_deep_as_it_is_large() {
        let chain: Vec<Vec<usize>> = (0..200_000).map(|at| vec![(at + 1) % 200_000]).collect();
        let chain: Vec<&[usize]> = chain.iter().map(Vec::as_slice).collect();
        let grid = grid(&chain);
        assert_eq!(grid.descendants(0).len(), 199_999);
        assert!(grid.in_cycle(7));
    }
}
