fn main() {
    tabchain::native::main();
}
