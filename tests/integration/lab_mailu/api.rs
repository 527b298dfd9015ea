//! The API's contract: each status, each field.

use super::mailu;
use converge::lab::{Lab, Mailu};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

const JSON: (&str, &str) = ("content-type", "application/json");

fn status(mailu: &Mailu<'_>, method: &str, path: &str, body: Value) -> u16 {
    mailu.api(method, path, Some(&body)).unwrap().status
}

fn get(mailu: &Mailu<'_>, path: &str) -> Value {
    let reply = mailu.api("GET", path, None).unwrap();
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    reply.body
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn every_status_of_the_contract() {
    let lab = mailu("ma");
    let mailu = lab.mailu().unwrap();
    let user = |email: &str| json!({ "email": email, "raw_password": "secret" });
    for (method, path, body, expected) in [
        ("POST", "domain", json!({ "name": "lab.test" }), 200),
        ("POST", "domain", json!({ "name": "lab.test" }), 409),
        ("POST", "domain", json!({ "name": "not a domain" }), 400),
        ("POST", "domain", json!({}), 400),
        ("POST", "user", user("web1@nowhere.test"), 404),
        ("POST", "user", user("web1@lab.test"), 200),
        ("POST", "user", user("WEB1@lab.test"), 409),
        ("POST", "user", user("no address"), 400),
        ("POST", "user", json!({ "email": "web2@lab.test" }), 400),
        ("PATCH", "user/web1@lab.test", json!({ "comment": "a host" }), 200),
        ("PATCH", "user/web1@lab.test", json!({ "enabled": "yes" }), 400),
        ("PATCH", "user/web2@lab.test", json!({}), 404),
        ("POST", "token", json!({ "email": "web2@lab.test" }), 404),
        ("POST", "token", json!({ "comment": "nobody's" }), 400),
        ("POST", "token", json!({ "email": "web1@lab.test", "AuthorizedIP": "192.0.2.1" }), 400),
        ("POST", "token", json!({ "email": "web1@lab.test", "AuthorizedIP": ["x"] }), 400),
        ("POST", "tokenuser/web2@lab.test", json!({}), 404),
        ("PATCH", "token/1", json!({}), 404),
        ("POST", "token", json!({ "email": "web1@lab.test" }), 200),
        ("POST", "tokenuser/web1%40lab.test", json!({ "comment": "second" }), 200),
        ("PATCH", "token/1", json!({ "comment": "changed" }), 200),
        ("PATCH", "token/x", json!({}), 404),
        ("DELETE", "token/2", json!({}), 200),
        ("DELETE", "token/2", json!({}), 404),
        ("DELETE", "domain", json!({}), 405),
        ("GET", "nothing", json!({}), 404),
    ] {
        assert_eq!(status(&mailu, method, path, body.clone()), expected, "{method} {path} {body}");
    }
    for (path, expected) in [
        ("domain", 200),
        ("user/web1@lab.test", 200),
        ("user/web1%40lab.test", 200),
        ("user/web2@lab.test", 404),
        ("token/1", 200),
        ("token/2", 404),
        ("tokenuser/web1@lab.test", 200),
        ("tokenuser/web2@lab.test", 404),
    ] {
        assert_eq!(mailu.api("GET", path, None).unwrap().status, expected, "{path}");
    }
    assert_eq!(get(&mailu, "user/web1@lab.test")["comment"], "a host");
    assert_eq!(get(&mailu, "token/1")["comment"], "changed");
}

#[test]
fn tokens_show_their_secret_once_and_their_number_in_two_ways() {
    let lab = mailu("mt");
    let mailu = lab.mailu().unwrap();
    mailu.mint("web1@lab.test", "first", &[]).unwrap();
    let made = json!({
        "email": "web1@lab.test", "comment": "second", "ip": "192.0.2.1",
        "AuthorizedIP": ["198.51.100.0/24", "192.0.2.0/24", "198.51.100.0/24"],
    });
    let made = mailu.api("POST", "token", Some(&made)).unwrap().body;
    assert_eq!(keys(&made), ["AuthorizedIP", "Created", "comment", "email", "id", "token"]);
    assert_eq!(made["id"], 2);
    let secret = made["token"].as_str().unwrap();
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    assert!(secret.len() == 32 && secret.bytes().all(hex), "{secret}");
    // A set: not as it was given.
    assert_eq!(made["AuthorizedIP"], json!(["192.0.2.0/24", "198.51.100.0/24"]));
    assert_eq!(made["Created"].as_str().map(str::len), Some(10));

    let (list, own) = (get(&mailu, "token"), get(&mailu, "tokenuser/web1@lab.test"));
    assert_eq!((&list[1]["id"], &own[1]["id"]), (&json!("2"), &json!(2)));
    assert_eq!(list[1]["AuthorizedIP"], made["AuthorizedIP"]);
    for shown in [list, own, get(&mailu, "token/2")] {
        assert!(!shown.to_string().contains(secret));
    }
    let remembered = std::fs::read_to_string(mailu.ca_file().with_file_name("store.json"));
    assert!(!remembered.unwrap().contains(secret));

    // A key that is none is dropped, and what it should have restricted stays open.
    let body = json!({ "email": "web1@lab.test", "ip": ["192.0.2.1"] });
    let open = mailu.api("POST", "token", Some(&body)).unwrap();
    assert_eq!((open.status, &open.body["AuthorizedIP"]), (200, &json!([])));
    let change = json!({ "AuthorizedIP": ["192.0.2.1"] });
    assert_eq!(status(&mailu, "PATCH", "token/3", change), 200);
    let tokens = mailu.tokens().unwrap();
    assert_eq!(tokens[2].authorized_ip, ["192.0.2.1"]);
    assert_eq!((tokens[1].id, tokens[1].comment.as_str()), (2, "second"));
}

#[test]
fn only_json_with_the_right_token_and_five_wrong_ones_shut_the_network_out() {
    let lab = mailu("ml");
    let mailu = lab.mailu().unwrap();
    let good = format!("Bearer {}", mailu.api_token().unwrap());
    let ask = |headers: &[(&str, &str)], body: &str| {
        let method = if body.is_empty() { "GET" } else { "POST" };
        mailu.request(method, "/api/v1/domain", headers, body).unwrap()
    };
    let name = r#"{"name": "lab.test"}"#;
    assert_eq!(ask(&[JSON], "").status, 401);
    assert_eq!(ask(&[("authorization", &good)], name).status, 415);
    assert_eq!(
        ask(&[("authorization", good.as_str()), ("content-type", "text/plain")], name).status,
        415
    );
    assert_eq!(ask(&[("authorization", good.as_str()), JSON], "{").status, 400);
    assert_eq!(ask(&[("authorization", good.as_str()), JSON], "[]").status, 400);
    assert_eq!(ask(&[("authorization", good.as_str()), JSON], name).status, 200);
    for bad in ["Bearer wrong", "Bearer", &good.to_lowercase(), "wrong", "Bearer wrong"] {
        let reply = ask(&[("authorization", bad), JSON], name);
        assert_eq!((reply.status, &reply.body["code"]), (403, &json!(403)), "{bad}");
    }
    for header in [good.as_str(), "Bearer wrong"] {
        assert_eq!(ask(&[("authorization", header)], "").status, 429);
    }
    // Also after it was off and on again.
    mailu.stop().unwrap();
    mailu.start().unwrap();
    assert_eq!(ask(&[("authorization", &good)], "").status, 429);
    mailu.forgive().unwrap();
    assert_eq!(ask(&[("authorization", &good)], "").body[0]["name"], "lab.test");

    let requests = mailu.requests().unwrap();
    let count = |status: u16| requests.iter().filter(|request| request.status == status).count();
    assert_eq!([401, 415, 400, 403, 429].map(count), [1, 2, 2, 5, 3]);
    assert!(requests.iter().all(|request| request.authorized == (request.status != 401)));
}

fn page(lab: &Lab, path: &str) -> (u16, Option<String>) {
    let reply = lab.mailu().unwrap().request("GET", path, &[], "").unwrap();
    (reply.status, reply.location)
}

#[test]
fn the_front_is_there_for_who_only_knocks() {
    let lab = mailu("mf");
    assert_eq!(page(&lab, "/health"), (204, None));
    assert_eq!(page(&lab, "/sso/login"), (200, None));
    for path in ["/", "/webmail"] {
        assert_eq!(page(&lab, path), (302, Some("/sso/login".to_owned())), "{path}");
    }
    let clear = |path: &str| {
        let mut stream = TcpStream::connect((lab.mailu().unwrap().address(), 80)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: mail.lab.test\r\n\r\n").unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    };
    assert!(clear("/health").starts_with("HTTP/1.1 204 "));
    let moved = clear("/api/v1/domain?x");
    assert!(moved.starts_with("HTTP/1.1 301 "), "{moved}");
    assert!(moved.contains("\r\nLocation: https://mail.lab.test/api/v1/domain?x\r\n"), "{moved}");
}
