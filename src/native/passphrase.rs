//! What opens a keystore: from the environment, a file, or the person at the terminal.

use std::{io::IsTerminal, path::Path};

use zeroize::Zeroizing;

use super::{Failure, read};

/// Asks the person at the terminal; nothing if there is none.
pub(super) fn ask() -> Option<Zeroizing<String>> {
    let asked = std::io::stdin().is_terminal().then(|| rpassword::prompt_password("passphrase of the keystore: "));
    asked?.ok().map(Zeroizing::new)
}

/// What was given without anybody being asked.
///
/// # Errors
/// The file cannot be read, or is empty.
pub(super) fn given(file: Option<&Path>) -> Result<Option<Zeroizing<String>>, Failure> {
    if let Some(passphrase) = std::env::var("TABCHAIN_PASSPHRASE").ok().filter(|set| !set.is_empty()) {
        return Ok(Some(Zeroizing::new(passphrase)));
    }
    let Some(file) = file else {
        return Ok(None);
    };
    let text = Zeroizing::new(read(file)?);
    let empty = || Failure::Input(format!("{}: no passphrase in its first line", file.display()));
    let line = text.lines().next().filter(|line| !line.is_empty()).ok_or_else(empty)?;
    Ok(Some(Zeroizing::new(line.to_owned())))
}
