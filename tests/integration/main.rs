//! One integration binary: every test against the public interface, the lab's included.
