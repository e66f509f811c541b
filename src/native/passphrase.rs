//! What opens a keystore: from the environment, a file, or the person at the terminal.

use std::{io::IsTerminal, path::Path};

use zeroize::Zeroizing;

use super::read;

/// The passphrase, wherever it is; nothing if nobody can be asked.
pub(super) fn find(file: Option<&Path>) -> Option<Zeroizing<String>> {
    given(file).or_else(|| {
        let asked = std::io::stdin().is_terminal().then(|| rpassword::prompt_password("passphrase of the keystore: "));
        asked?.ok().map(Zeroizing::new)
    })
}

/// The same, without asking anybody.
pub(super) fn given(file: Option<&Path>) -> Option<Zeroizing<String>> {
    if let Ok(passphrase) = std::env::var("TABCHAIN_PASSPHRASE") {
        return Some(Zeroizing::new(passphrase));
    }
    let text = Zeroizing::new(read(file?).ok()?);
    text.lines().next().map(|line| Zeroizing::new(line.to_owned()))
}
