/// A map or set of `items`, each inserted in turn. The standard `collect` (and `from`) sorts first, and each such sort is another 13,000 bytes
/// of the engine's wasm.
pub fn ordered<T, C: Default + Extend<T>>(items: impl IntoIterator<Item = T>) -> C {
    let mut all = C::default();
    all.extend(items);
    all
}
