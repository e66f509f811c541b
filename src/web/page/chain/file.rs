//! The block tree as a file: all of it, not only what is in sight. Asked of the engine piece by piece.

use leptos::prelude::*;

use super::super::{Lab, runs::download};
use crate::{
    primitives::Height,
    view::{FILE_HEIGHTS, csv},
    web::{protocol::Request, strings::text},
};

const HEAD: [&str; 7] = ["height", "block", "parent", "found-by", "transactions", "lane", "followed-by"];

pub(super) fn save(lab: Lab) {
    ask(lab, Height(0), csv(std::iter::once(HEAD.map(|key| text(key).to_owned()).into())));
}

/// Asks for what comes from a height on, after what there is of the file.
fn ask(lab: Lab, from: Height, mut file: String) {
    lab.client.ask(Request::Blocks { from }, lab.client.place, move |piece| match piece {
        Ok(piece) if piece.is_empty() => {
            // A browser that cannot make a file of text has nothing to save to.
            drop(download("tabchain-chain.csv", "text/csv", &file));
        }
        Ok(piece) => {
            file += &piece;
            ask(lab, Height(from.0 + FILE_HEIGHTS), file);
        }
        Err(refused) => lab.notice.set(Some(refused.message)),
    });
}
