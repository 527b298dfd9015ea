//! A Mailu that is expected but does not run.

use super::{apply, beside_mailu, everyone_can_send};
use converge::lab::Family;

#[test]
fn a_mailu_that_never_comes_up_leaves_a_relay_where_that_is_wanted() {
    let fleet = beside_mailu("sl", Family::Debian, &["h"])
        .set("mail_mode", "mailu")
        .set("mail_mode_on_failure", "local")
        .set("mailu_pause", "1")
        .set("mailu_start_patience", "2");
    fleet.lab.mailu().unwrap().stop().unwrap();
    apply(&fleet).assert_ok();
    everyone_can_send(&fleet, "local", None);
}
