//! The built-in roles are read at compile time: a change of any makes a new binary.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=roles");
}
