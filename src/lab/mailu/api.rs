//! Mailu's API below `/api/v1`, as its release 2024.06 answers: status codes and field names are
//! the contract that clients were written against, oddities included.

use std::io::Result;
use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::cidr::Cidr;
use super::http::{HttpRequest, Response, decoded};
use super::limiter::Limiter;
use super::store::{Store, Token, hash};
use crate::host::local::{clock, random_bytes};

/// The API with what it stands on.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) token: String,
    pub(super) limiter: Limiter,
    pub(super) store: Store,
}

/// A user's attributes with their defaults; the default says the type too.
fn attributes() -> Map<String, Value> {
    let defaults = json!({
        "comment": "", "displayed_name": "", "quota_bytes": 1_000_000_000, "enabled": true,
        "global_admin": false, "enable_imap": true, "enable_pop": true, "allow_spoofing": false,
        "change_pw_next_login": false,
    });
    match defaults {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Anything but success is an answer all the same.
type Answer = std::result::Result<Response, Response>;

fn no(status: u16, message: impl AsRef<str>) -> Response {
    Response::message(status, message.as_ref())
}

impl Api {
    /// Answers a request whose path begins with `/api`.
    pub(super) fn answer(&self, request: &HttpRequest, client: IpAddr) -> Result<Response> {
        if let Some(refusal) = self.refusal(request, client)? {
            return Ok(refusal);
        }
        let path = request.path().strip_prefix("/api/v1/").unwrap_or_default();
        let segments: Vec<String> = path.trim_end_matches('/').split('/').map(decoded).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let answer = match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["domain"]) => Ok(self.domains()),
            ("GET", ["domain", name]) => self.domain(name),
            ("POST", ["domain"]) => body(request).and_then(|body| self.create_domain(&body)),
            ("GET", ["user"]) => Ok(self.users()),
            ("GET", ["user", email]) => self.user(email),
            ("POST", ["user"]) => body(request).and_then(|body| self.create_user(&body)),
            ("PATCH", ["user", email]) => {
                body(request).and_then(|body| self.change_user(email, &body))
            }
            ("GET", ["token"]) => Ok(self.tokens()),
            ("GET", ["token", id]) => self.token(id),
            ("POST", ["token"]) => body(request).and_then(|body| self.create_token(None, &body)),
            ("PATCH", ["token", id]) => body(request).and_then(|body| self.change_token(id, &body)),
            ("DELETE", ["token", id]) => self.delete_token(id),
            ("GET", ["tokenuser", email]) => self.tokens_of(email),
            ("POST", ["tokenuser", email]) => {
                body(request).and_then(|body| self.create_token(Some(email), &body))
            }
            (_, ["domain" | "user" | "token"] | ["domain" | "user" | "token" | "tokenuser", _]) => {
                Err(no(405, "The method is not allowed for the requested URL."))
            }
            _ => Err(no(404, "The requested URL was not found on the server.")),
        };
        Ok(answer.unwrap_or_else(|refusal| refusal))
    }

    /// Too many bad tokens come first: then even the right one is not looked at.
    fn refusal(&self, request: &HttpRequest, client: IpAddr) -> Result<Option<Response>> {
        if self.limiter.is_exhausted(client)? {
            return Ok(Some(no(429, "Too many attempts from your IP (rate-limit)")));
        }
        let Some(given) = request.header("authorization") else {
            return Ok(Some(no(401, "A valid Authorization header is mandatory")));
        };
        if given.strip_prefix("Bearer ") == Some(&self.token) {
            return Ok(None);
        }
        self.limiter.count(client)?;
        Ok(Some(no(403, "Invalid API token")))
    }

    fn domains(&self) -> Response {
        let domains = self.store.read(|data| data.domains.iter().map(domain_json).collect());
        Response::json(200, &Value::Array(domains))
    }

    fn domain(&self, name: &str) -> Answer {
        let found = self.store.read(|data| data.domains.get(name).map(domain_json));
        found
            .map(|domain| Response::json(200, &domain))
            .ok_or_else(|| no(404, format!("Domain {name} does not exist")))
    }

    fn create_domain(&self, body: &Map<String, Value>) -> Answer {
        let name = text(body, "name")?.unwrap_or_default().to_ascii_lowercase();
        if !is_domain(&name) {
            return Err(no(400, format!("Domain {name} is not a valid domain")));
        }
        if self.change(|data| data.domains.insert(name.clone()))? {
            Ok(Response::message(200, &format!("Domain {name} has been created")))
        } else {
            Err(no(409, format!("Duplicate domain {name}")))
        }
    }

    fn users(&self) -> Response {
        let users = self.store.read(|data| data.users.iter().map(user_json).collect());
        Response::json(200, &Value::Array(users))
    }

    fn user(&self, email: &str) -> Answer {
        let email = address(email)?;
        let found = self.store.read(|data| data.users.get_key_value(&email).map(user_json));
        found.map(|user| Response::json(200, &user)).ok_or_else(|| no_user(&email))
    }

    fn create_user(&self, body: &Map<String, Value>) -> Answer {
        let email = address(text(body, "email")?.unwrap_or_default())?;
        if text(body, "raw_password")?.unwrap_or_default().is_empty() {
            return Err(no(400, "raw_password is mandatory"));
        }
        let mut user = attributes();
        adopt(&mut user, body)?;
        let domain = email.rsplit('@').next().unwrap_or_default();
        self.change(|data| {
            if !data.domains.contains(domain) {
                return Err(no(404, format!("Domain {domain} does not exist")));
            }
            if data.users.contains_key(&email) {
                return Err(no(409, format!("User {email} already exists")));
            }
            data.users.insert(email.clone(), user);
            Ok(Response::message(200, &format!("User {email} has been created")))
        })?
    }

    fn change_user(&self, email: &str, body: &Map<String, Value>) -> Answer {
        let email = address(email)?;
        text(body, "raw_password")?;
        self.change(|data| {
            let user = data.users.get_mut(&email).ok_or_else(|| no_user(&email))?;
            adopt(user, body)?;
            Ok(Response::message(200, &format!("User {email} has been updated")))
        })?
    }

    fn tokens(&self) -> Response {
        let listed = |token: &Token| token_json(token, json!(token.id.to_string()));
        let tokens = self.store.read(|data| data.tokens.iter().map(listed).collect());
        Response::json(200, &Value::Array(tokens))
    }

    fn token(&self, id: &str) -> Answer {
        let found = self.store.read(|data| data.tokens.iter().find(|token| is(token, id)).cloned());
        found
            .map(|token| Response::json(200, &token_json(&token, json!(token.id.to_string()))))
            .ok_or_else(|| no_token(id))
    }

    fn tokens_of(&self, email: &str) -> Answer {
        let email = address(email)?;
        self.store.read(|data| {
            if !data.users.contains_key(&email) {
                return Err(no_user(&email));
            }
            let own = data.tokens.iter().filter(|token| token.email == email);
            let tokens = own.map(|token| token_json(token, json!(token.id))).collect();
            Ok(Response::json(200, &Value::Array(tokens)))
        })
    }

    fn create_token(&self, email: Option<&str>, body: &Map<String, Value>) -> Answer {
        let email = match email {
            Some(email) => address(email)?,
            None => address(text(body, "email")?.unwrap_or_default())?,
        };
        let comment = text(body, "comment")?.unwrap_or_default().to_owned();
        let authorized_ip = networks(body)?.unwrap_or_default();
        let random = random_bytes::<16>().map_err(|error| no(500, error.to_string()))?;
        let secret: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        self.change(|data| {
            if !data.users.contains_key(&email) {
                return Err(no_user(&email));
            }
            data.last_id += 1;
            let token = Token {
                id: data.last_id,
                email,
                comment,
                authorized_ip,
                created: today(),
                last_edit: None,
                secret_sha256: hash(&secret),
            };
            // The one answer that shows the secret.
            let answer = json!({
                "id": token.id, "token": secret, "email": token.email, "comment": token.comment,
                "AuthorizedIP": token.authorized_ip, "Created": token.created,
            });
            data.tokens.push(token);
            Ok(Response::json(200, &answer))
        })?
    }

    fn change_token(&self, id: &str, body: &Map<String, Value>) -> Answer {
        let (comment, authorized_ip) = (text(body, "comment")?, networks(body)?);
        self.change(|data| {
            let token = data.tokens.iter_mut().find(|token| is(token, id));
            let token = token.ok_or_else(|| no_token(id))?;
            token.comment = comment.map_or_else(|| token.comment.clone(), str::to_owned);
            token.authorized_ip = authorized_ip.unwrap_or_else(|| token.authorized_ip.clone());
            token.last_edit = Some(today());
            Ok(Response::message(200, &format!("Token with id {id} has been updated")))
        })?
    }

    fn delete_token(&self, id: &str) -> Answer {
        self.change(|data| {
            let before = data.tokens.len();
            data.tokens.retain(|token| !is(token, id));
            if data.tokens.len() == before {
                return Err(no_token(id));
            }
            Ok(Response::message(200, &format!("Token with id {id} has been deleted")))
        })?
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut super::store::Data) -> T,
    ) -> std::result::Result<T, Response> {
        self.store.change(change).map_err(|error| no(500, error.to_string()))
    }
}

/// The body, which must be a JSON object and say that it is JSON.
fn body(request: &HttpRequest) -> std::result::Result<Map<String, Value>, Response> {
    let kind = request.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let message = "Did not attempt to load JSON data because the request Content-Type was not \
                       'application/json'.";
        return Err(no(415, message));
    }
    serde_json::from_slice(&request.body).map_err(|_| no(400, "Input payload validation failed"))
}

/// A key that, if it is there, must be a string.
fn text<'a>(
    body: &'a Map<String, Value>,
    key: &str,
) -> std::result::Result<Option<&'a str>, Response> {
    match body.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(no(400, format!("{key} is not of type 'string'"))),
    }
}

/// `AuthorizedIP`: sorted and each once, as Mailu's database keeps it.
fn networks(body: &Map<String, Value>) -> std::result::Result<Option<Vec<String>>, Response> {
    let Some(value) = body.get("AuthorizedIP") else { return Ok(None) };
    let invalid = || no(400, "AuthorizedIP is not a list of networks");
    let items = value.as_array().ok_or_else(invalid)?;
    let network = |item: &Value| {
        let text = item.as_str().filter(|text| Cidr::parse(text).is_some());
        text.map(str::to_owned).ok_or_else(invalid)
    };
    let mut nets: Vec<String> = items.iter().map(network).collect::<std::result::Result<_, _>>()?;
    nets.sort();
    nets.dedup();
    Ok(Some(nets))
}

/// Takes over known attributes; unknown ones are dropped without a word.
fn adopt(
    user: &mut Map<String, Value>,
    body: &Map<String, Value>,
) -> std::result::Result<(), Response> {
    for (key, default) in attributes() {
        let Some(value) = body.get(&key) else { continue };
        if std::mem::discriminant(value) != std::mem::discriminant(&default) {
            return Err(no(400, format!("{key} is of the wrong type")));
        }
        user.insert(key, value.clone());
    }
    Ok(())
}

/// An address, in lower case as Mailu keeps it.
fn address(email: &str) -> std::result::Result<String, Response> {
    let email = email.to_ascii_lowercase();
    match email.split_once('@') {
        Some((local, domain)) if is_local_part(local) && is_domain(domain) => Ok(email),
        _ => Err(no(400, format!("Provided email address {email} is not a valid email address"))),
    }
}

fn is_local_part(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b))
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        let inner = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        !label.is_empty() && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    text.contains('.') && text.len() <= 253 && text.split('.').all(label)
}

fn is(token: &Token, id: &str) -> bool {
    id.parse() == Ok(token.id)
}

fn no_user(email: &str) -> Response {
    no(404, format!("User {email} cannot be found"))
}

fn no_token(id: &str) -> Response {
    no(404, format!("Record cannot be found for id {id} or invalid id provided"))
}

fn domain_json(name: &String) -> Value {
    json!({ "name": name, "comment": "", "max_users": -1, "max_aliases": -1 })
}

fn user_json((email, attributes): (&String, &Map<String, Value>)) -> Value {
    let mut user = Map::from_iter([("email".to_owned(), json!(email))]);
    user.extend(attributes.clone());
    Value::Object(user)
}

fn token_json(token: &Token, id: Value) -> Value {
    json!({
        "id": id, "email": token.email, "comment": token.comment,
        "AuthorizedIP": token.authorized_ip, "Created": token.created,
        "Last edit": token.last_edit,
    })
}

fn today() -> String {
    clock::timestamp().chars().take(10).collect()
}
