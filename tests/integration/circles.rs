//! No two files import each other, straight or through others: so each can be read, and changed,
//! after those that it stands on and before those that stand on it.
//!
//! A name that a folder's `mod.rs` hands on counts as an import of the file that defines it.

use crate::house::sources;
use std::collections::{BTreeMap, BTreeSet};

/// Folders that still have circles, with the number of files in them: it may only fall.
const KNOWN: [(&str, usize); 3] =
    [("src/config/inventory", 3), ("src/resource", 3), ("src/template", 33)];

#[test]
fn files_import_each_other_in_no_circle() {
    let house = House::read(sources());
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    let mut new = Vec::new();
    for circle in house.circles() {
        let within = |(folder, _): &&(&'static str, usize)| {
            circle.iter().all(|file| file.starts_with(&format!("{folder}/")))
        };
        match KNOWN.iter().find(within) {
            Some((folder, _)) => *found.entry(folder).or_default() += circle.len(),
            None => new.push(house.told(&circle)),
        }
    }
    assert!(new.is_empty(), "files import each other in a circle:\n{}", new.join("\n\n"));
    for (folder, count) in KNOWN {
        let now = found.get(folder).copied().unwrap_or_default();
        assert!(now <= count, "{folder} has {now} files in circles, {count} before");
    }
}

#[test]
fn the_reader_of_imports_sees_every_form() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let house = House::read(vec![
        file("src/lib.rs", "pub mod a;\npub mod b;\n"),
        file("src/a/mod.rs", "mod one;\nmod two;\npub use one::{One, Other as Third};\n"),
        file("src/a/one.rs", "use super::two;\npub struct One;\n"),
        file("src/a/two.rs", "// use crate::b::x;\nfn f() { crate::b::g(super::One) }\n"),
        file("src/b.rs", "use crate::{a::{Third, one::{self, One}}};\n"),
    ]);
    let uses = |path: &str| house.uses[path].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(uses("src/a/mod.rs"), Vec::<&str>::new(), "it only hands on");
    assert_eq!(uses("src/a/one.rs"), ["src/a/two.rs"]);
    assert_eq!(uses("src/a/two.rs"), ["src/a/one.rs", "src/b.rs"]);
    assert_eq!(uses("src/b.rs"), ["src/a/one.rs"]);
    let circles = house.circles();
    assert_eq!(circles, [["src/a/one.rs", "src/a/two.rs", "src/b.rs"]]);
}

/// The library's files, and which file uses which.
struct House {
    uses: BTreeMap<String, BTreeSet<String>>,
}

/// What modules there are, and the names that each hands on.
#[derive(Default)]
struct Modules {
    files: BTreeMap<Vec<String>, String>,
    handed_on: BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>>,
}

impl House {
    fn read(sources: Vec<(String, String)>) -> Self {
        let sources: Vec<(String, String)> = sources
            .into_iter()
            .filter(|(path, _)| !path.ends_with("tests.rs") && path != "src/main.rs")
            .map(|(path, text)| (path, code(&text)))
            .collect();
        let mut modules = Modules::default();
        for (path, _) in &sources {
            modules.files.insert(module(path), path.clone());
        }
        for (path, text) in &sources {
            let own = module(path);
            for used in statements(text).filter(|used| used.public) {
                for (name, path) in used.paths() {
                    if let Some(path) = modules.absolute(&path, &own) {
                        modules.handed_on.entry(own.clone()).or_default().insert(name, path);
                    }
                }
            }
        }
        let uses = sources.iter().map(|(path, text)| (path.clone(), modules.used_by(path, text)));
        Self { uses: uses.collect() }
    }

    /// Files that reach each other, in groups of two and more.
    fn circles(&self) -> Vec<Vec<&str>> {
        let reach: BTreeMap<&str, BTreeSet<&str>> =
            self.uses.keys().map(|file| (file.as_str(), self.reached_from(file))).collect();
        let mut seen = BTreeSet::new();
        let mut circles = Vec::new();
        for (file, reached) in &reach {
            let circle: Vec<&str> =
                reached.iter().copied().filter(|other| reach[other].contains(file)).collect();
            if circle.len() > 1 && seen.insert(circle.clone()) {
                circles.push(circle);
            }
        }
        circles
    }

    fn reached_from(&self, file: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut open = vec![file];
        while let Some(file) = open.pop() {
            for used in self.uses.get(file).into_iter().flatten() {
                if reached.insert(used.as_str()) {
                    open.push(used);
                }
            }
        }
        reached
    }

    fn told(&self, circle: &[&str]) -> String {
        let arrows = circle.iter().flat_map(|file| {
            let within = self.uses[*file].iter().filter(|used| circle.contains(&used.as_str()));
            within.map(move |used| format!("{file} uses {used}"))
        });
        arrows.collect::<Vec<_>>().join("\n")
    }
}

impl Modules {
    fn used_by(&self, file: &str, text: &str) -> BTreeSet<String> {
        let own = module(file);
        let imports = statements(text).filter(|used| !used.public);
        let imported = imports.flat_map(|used| used.paths().into_iter().map(|(_, path)| path));
        let rest = without_statements(text);
        let inline = inline_paths(&rest);
        let found = imported.chain(inline).filter_map(|path| self.absolute(&path, &own));
        let mut files: BTreeSet<String> =
            found.filter_map(|path| self.file_of(&path, 0)).map(str::to_owned).collect();
        files.remove(file);
        files.remove("src/lib.rs");
        files
    }

    /// A path from the crate's root; none if it leads into another crate.
    fn absolute(&self, path: &[String], own: &[String]) -> Option<Vec<String>> {
        let (first, mut rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => own.to_vec(),
            "super" => own.split_last()?.1.to_vec(),
            child => {
                let module = [own, &[child.to_owned()]].concat();
                return self.files.contains_key(&module).then(|| [own, path].concat());
            }
        };
        while let Some((next, further)) = rest.split_first().filter(|(next, _)| *next == "super") {
            let _ = next;
            base.pop();
            rest = further;
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    /// The file that defines what a path names.
    fn file_of(&self, path: &[String], depth: usize) -> Option<&str> {
        let module = (0..=path.len()).rev().find(|end| self.files.contains_key(&path[..*end]))?;
        let (module, rest) = path.split_at(module);
        let handed = rest
            .first()
            .and_then(|name| self.handed_on.get(module)?.get(name))
            .filter(|target| depth < 8 && target.as_slice() != path);
        match handed {
            Some(target) => self.file_of(&[target.as_slice(), &rest[1..]].concat(), depth + 1),
            None => Some(&self.files[module]),
        }
    }
}

/// `src/a/mod.rs` and `src/a.rs` are both `a`.
fn module(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib")) {
        parts.pop();
    }
    parts
}

/// The text without comments and without what only tests see.
fn code(text: &str) -> String {
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// One `use …;`, white space taken out.
struct Statement {
    public: bool,
    tree: String,
}

impl Statement {
    /// Every path with the name that it goes by here.
    fn paths(&self) -> Vec<(String, Vec<String>)> {
        let mut found = Vec::new();
        spread("", &self.tree, &mut found);
        let parts = |path: &str| path.split("::").map(str::to_owned).collect::<Vec<_>>();
        let named = |path: String| match path.split_once('@') {
            Some((path, name)) => (name.to_owned(), parts(path)),
            None => {
                let path = parts(path.trim_end_matches("::self"));
                (path.last().cloned().unwrap_or_default(), path)
            }
        };
        found.into_iter().map(named).collect()
    }
}

/// `a::{b, c::{d}}` as `a::b`, `a::c::d`.
fn spread(before: &str, tree: &str, found: &mut Vec<String>) {
    let (mut depth, mut start) = (0, 0);
    let ends = tree.char_indices().filter_map(|(at, char)| {
        depth += i32::from(char == '{') - i32::from(char == '}');
        (char == ',' && depth == 0).then_some(at)
    });
    for end in ends.collect::<Vec<_>>().into_iter().chain([tree.len()]) {
        let part = &tree[start..end];
        start = end + 1;
        match part.split_once('{') {
            Some((path, inner)) => {
                let inner = inner.strip_suffix('}').unwrap_or(inner);
                spread(&format!("{before}{path}"), inner, found);
            }
            None if part.is_empty() => {}
            None => found.push(format!("{before}{part}")),
        }
    }
}

/// Where a `use` begins and ends in the text.
fn places(text: &str) -> Vec<(usize, usize, bool)> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start();
        let private = bare.starts_with("use ");
        let public = bare.starts_with("pub use ")
            || bare.starts_with("pub(")
                && bare.split_once(") ").is_some_and(|(_, rest)| rest.starts_with("use "));
        if (private || public)
            && let Some(len) = text[at..].find(';')
        {
            found.push((at, at + len, public));
        }
        at += line.len();
    }
    found
}

fn statements(text: &str) -> impl Iterator<Item = Statement> {
    places(text).into_iter().map(|(start, end, public)| {
        let tree = text[start..end].split_once("use ").map_or("", |(_, tree)| tree);
        let tree = tree.replace(" as ", "@").split_whitespace().collect();
        Statement { public, tree }
    })
}

fn without_statements(text: &str) -> String {
    let mut rest = text.to_owned();
    for (start, end, _) in places(text).into_iter().rev() {
        rest.replace_range(start..end, "");
    }
    rest
}

/// Every `a::b` outside of `use`.
fn inline_paths(text: &str) -> impl Iterator<Item = Vec<String>> {
    let is_word = |char: char| char.is_alphanumeric() || char == '_' || char == ':';
    text.split(move |char| !is_word(char))
        .filter(|word| word.contains("::"))
        .map(|word| word.split("::").map(str::to_owned).filter(|part| !part.is_empty()).collect())
}
