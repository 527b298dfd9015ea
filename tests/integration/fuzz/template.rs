//! Templates in each form: rendered twice, they give the same.

use super::random::Random;
use super::yaml::shown;
use super::{Target, seeds, text};
use crate::bench::data;
use converge::config::yaml;
use converge::template::{Scope, Templates};
use converge::text::{Sources, Span};
use converge::value::{Map, Value};
use std::sync::{Arc, LazyLock};

pub(super) const TARGET: Target = Target { name: "template", seeds, words: WORDS, judge };

const WORDS: &[&str] = &[
    "{{ ",
    " }}",
    "{% ",
    " %}",
    "{# ",
    " #}",
    "{%- ",
    " -%}",
    "{% if x %}",
    "{% else %}",
    "{% endif %}",
    "{% for i in items %}",
    "{% endfor %}",
    "{% set a = 1 %}",
    "{% raw %}",
    "{% endraw %}",
    "{% macro m(a) %}",
    "{% endmacro %}",
    "{% block b %}",
    "{% include 'x' %}",
    "{% filter upper %}",
    "{% call m() %}",
    "#jinja2: trim_blocks: False\n",
    " | default(omit)",
    " | map(attribute='a') | list",
    " | regex_replace('(a+)+$', '\\\\1')",
    " | from_yaml",
    " | to_json",
    " | dict2items",
    " | int",
    " | bool",
    " | b64decode",
    " | hash('sha256')",
    " | combine({'a': 1}, recursive=True)",
    " | selectattr('a', 'eq', 1)",
    "range(1000000000)",
    "range(0, 9223372036854775807)",
    "'a' * 1000000000",
    "[0] * 100000000",
    "2 ** 1000",
    " ** ",
    " // 0",
    " % 0",
    "name",
    "secret",
    "later",
    "items",
    "map",
    "text",
    "loop.index",
    "lookup('env', 'A')",
    ".append(1)",
    ".split(',')",
    "[::-1]",
    "[-1]",
    "[:9223372036854775807]",
    " is defined",
    " is match('a')",
    " in ",
    " not ",
    " and ",
    " ~ ",
    "(",
    ")",
    "namespace(a=1)",
    " | indent(100000)",
    " | center(1000000000)",
    " | format('%999999999d')",
    "'%999999999d' % 1",
    " | batch(1)",
    " | groupby('a')",
    " | random",
    " | tojson(indent=1000000)",
    " | replace('', 'aaaaaaaaaa')",
    " | join(text)",
    " | regex_search('\\\\w{30}')",
];

fn seeds() -> Vec<Vec<u8>> {
    let mut found = seeds::ending(&[".j2"]);
    for file in seeds::ending(&[
        "template/lists.yml",
        "template/maps.yml",
        "template/numbers.yml",
        "template/regex.yml",
        "template/templates.yml",
        "template/tests.yml",
        "template/text.yml",
        "template/defaults.yml",
        "template/json_yaml.yml",
        "template/paths.yml",
        "template/endings.yml",
    ]) {
        let cases = data(&text(&file))["cases"].clone();
        for case in cases.as_array().unwrap() {
            let given =
                ["expression", "template", "text"].iter().filter_map(|form| case[*form].as_str());
            for given in given {
                found.push(given.as_bytes().to_vec());
                found.push(format!("{{{{ {given} }}}}").into_bytes());
            }
        }
    }
    found
}

static SCOPE: LazyLock<Arc<dyn Scope>> = LazyLock::new(|| {
    let known = data(
        "{name: Postfix, text: 'a,b c\n\nd', number: 7, list: [3, 1, 2], items: [{a: 1, b: x}, {a: 2}], flag: true, none: null, \
         map: {a: {b: [1, 2]}, 'k 2': v}, float: 1.5, big: 9223372036854775807, empty: '', x: [a, b]}",
    );
    let mut scope = Map::new();
    for (name, value) in known.as_object().unwrap() {
        scope.insert(name.clone(), Value::from(value.clone()));
    }
    scope.insert("secret".into(), Value::str("hunter2").into_secret());
    Arc::new(scope)
});

fn judge(bytes: &[u8], random: &mut Random) -> Result<(), String> {
    let text = text(bytes);
    let mut sources = Sources::default();
    let source = sources.add("x.j2", text.clone());
    let span = Span { source, line: 1, column: 1, len: 0 };
    let templates = Templates::new().with_yaml(yaml::data);
    let render = |form: usize| match form {
        0 => templates.file(source, &text, &SCOPE),
        1 => templates.text(&text, span, &SCOPE),
        _ => templates.expression(&text, span, &SCOPE),
    };
    shown(&templates.names_in_file(source, &text).errors, &sources)?;
    let form = random.below(3);
    let (first, second) = (render(form), render(form));
    let (one, other) = (format!("{first:?}"), format!("{second:?}"));
    if one != other {
        return Err(format!("rendered twice: {one}\nthen {other}"));
    }
    match first {
        Err(error) => shown(&[error], &sources),
        Ok(_) => Ok(()),
    }
}
