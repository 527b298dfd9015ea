//! Generated files, edited by tasks on a real host: what the programs whose files they are read in
//! them before and after, not what this project's own reader thinks.

use crate::fleet::Fleet;
use crate::fuzz::generated;
use crate::fuzz::judged::{Case, Readings, wrong};
use crate::fuzz::random::Random;
use crate::lab::{Succeeded, lab};
use base64::Engine as _;
use std::fmt::Write as _;

/// How many folders of files; `JUDGED_CASES` sets another number.
const CASES: usize = 30;

fn readings(fleet: &Fleet, cases: usize) -> Readings {
    let script = format!(
        "export LC_ALL=C; for d in $(seq 0 {}); do cd /srv/judged/$d
         echo \"@ $d main\"; postconf -c . -n 2>/dev/null
         echo \"@ $d services\"; postconf -c . -M 2>/dev/null
         echo \"@ $d options\"; postconf -c . -P 2>/dev/null
         cp aliases a; rm -f a.db; postalias hash:a 2>/dev/null
         echo \"@ $d aliases\"; postalias -s hash:a 2>/dev/null
         echo \"@ $d keys\"; ssh-keygen -l -f keys 2>/dev/null; done; true",
        cases - 1
    );
    let said = fleet.host().run_with_input(["bash", "-s"], script.as_bytes()).unwrap().ok();
    let mut readings = Readings::new();
    let mut at = (String::new(), String::new());
    for line in said.lines() {
        if let Some(rest) = line.strip_prefix("@ ") {
            let (folder, question) = rest.split_once(' ').unwrap();
            at = (format!("/srv/judged/{folder}"), question.to_owned());
            readings.insert(at.clone(), Vec::new());
        } else {
            readings.get_mut(&at).unwrap().push(line.to_owned());
        }
    }
    readings
}

#[test]
fn what_is_edited_is_what_its_program_reads() {
    let lab = lab("ju").debian("web1").up().unwrap();
    let mut random = Random::of(1, 0);
    let mut cases = Vec::new();
    let mut tasks = Vec::new();
    let mut script = String::new();
    let wanted = std::env::var("JUDGED_CASES").ok().and_then(|text| text.parse().ok());
    let count = wanted.unwrap_or(CASES);
    for number in 0..count {
        let case = Case::new(number, &mut random);
        let _ = writeln!(script, "mkdir -p {0}; cd {0}", case.folder);
        let mut put = |name: &str, text: &str| {
            let coded = base64::engine::general_purpose::STANDARD.encode(text);
            let _ = writeln!(script, "echo '{coded}' | base64 -d >{name}");
        };
        let main = generated::main_cf(&mut random);
        put("main.cf", &generated::file(&mut random, &main));
        let master = generated::master_cf(&mut random);
        put("master.cf", &generated::file(&mut random, &master));
        let aliases = generated::aliases(&mut random);
        put("aliases", &generated::file(&mut random, &aliases));
        put("keys", &generated::authorized_keys(&mut random).0);
        let table = generated::table(&mut random);
        tasks.extend(case.tasks(&generated::file(&mut random, &table)));
        cases.push(case);
    }
    let fleet = Fleet::over(lab, &["web1"], "trial")
        .file("roles/trial/tasks/main.yml", &serde_json::to_string(&tasks).unwrap());
    fleet.host().run(["apt-get", "-q", "update"]).unwrap().ok();
    let install = "DEBIAN_FRONTEND=noninteractive apt-get -qy install postfix";
    fleet.host().sh(install).unwrap().ok();
    fleet.host().run_with_input(["bash", "-s"], script.as_bytes()).unwrap().ok();

    let before = readings(&fleet, count);
    fleet.apply().assert_ok();
    let after = readings(&fleet, count);
    let wrong: Vec<String> = cases.iter().flat_map(|case| wrong(case, &before, &after)).collect();
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n"));
    // What was built is what the tables say, as postmap reads both: else it would be built again.
    fleet.assert_nothing_to_do();
}
