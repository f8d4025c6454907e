//! Allocation counts. Each thread has its own count, so parallel tests do not interfere. Allocations of
//! the crypto backend on the C heap are not counted.

/// Runs a closure and counts its allocations. A reallocation in place also counts.
pub(crate) fn allocations<T>(run: impl FnOnce() -> T) -> (u64, T) {
    let mut result = None;
    let info = allocation_counter::measure(|| result = Some(run()));
    (info.count_total, result.unwrap())
}

#[test]
fn allocations_are_counted() {
    assert_eq!(allocations(|| ()).0, 0);
    let boxed = || std::hint::black_box(Box::new(7));
    assert_eq!(allocations(|| (boxed(), boxed())).0, 2);
    let grown = || {
        let mut list = Vec::with_capacity(1);
        list.extend([1, 2, 3]);
        std::hint::black_box(list)
    };
    assert_eq!(allocations(grown).0, 2);
}
