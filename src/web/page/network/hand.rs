//! What a hand does in the picture, with a pointer or by keys: moves a node, or reaches from one node to another for a channel.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, PointerEvent};

use super::{Picture, Point, at, radius};
use crate::web::strings::fill;

/// Units that a pointer moves before it drags.
const SLACK: f64 = 4.0;
/// Units that an arrow key moves a node.
const STEP: f64 = 12.0;
/// Units around a node in which a channel finds it.
const NEAR: f64 = 16.0;

/// What a node is held by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grip {
    Move,
    Link,
}

/// A node that a pointer holds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Hold {
    index: usize,
    grip: Grip,
    from: Point,
    at: Point,
    /// Whether it was moved far enough to mean it.
    drags: bool,
}

/// What is held. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Hand {
    element: NodeRef<html::Div>,
    hold: RwSignal<Option<Hold>>,
    /// The node that keys move, with its name.
    moving: RwSignal<Option<(usize, String)>>,
    /// The node that a channel would go to, and where it begins.
    aim: RwSignal<Option<(Point, Point, Option<usize>)>>,
}

impl Hand {
    pub(super) fn new(element: NodeRef<html::Div>) -> Self {
        Self { element, hold: RwSignal::new(None), moving: RwSignal::new(None), aim: RwSignal::new(None) }
    }

    /// A node is moved by keys from now on, or no more.
    pub(super) fn take_up(self, index: usize, name: String) {
        self.moving.update(|moving| *moving = moving.is_none().then_some((index, name)));
    }

    pub(super) fn is_moving(self) -> bool {
        self.moving.with_untracked(Option::is_some)
    }

    pub(super) fn let_go(self) {
        self.hold.set(None);
        self.aim.set(None);
    }

    /// What to do while a node is moved by keys.
    pub(super) fn says(self) -> Option<String> {
        self.moving.with(|moving| moving.as_ref().map(|(_, name)| fill("moving-node", &[name])))
    }

    /// From where to where a channel is being drawn.
    pub(super) fn reaches(self) -> Option<(Point, Point)> {
        self.aim.get().map(|(from, to, _)| (from, to))
    }

    pub(super) fn aims_at(self, index: usize) -> bool {
        self.aim.with(|aim| aim.is_some_and(|(_, _, to)| to == Some(index)))
    }
}

impl Picture {
    /// Where a pointer is, in the picture's units.
    pub(super) fn point(self, event: &PointerEvent) -> Point {
        self.place(f64::from(event.client_x()), f64::from(event.client_y()))
    }

    fn place(self, x: f64, y: f64) -> Point {
        let Some(element) = self.hand.element.get_untracked() else { return (0.0, 0.0) };
        let (rect, (width, height)) = (element.get_bounding_client_rect(), self.places.size.get_untracked());
        ((x - rect.left()) * width / rect.width().max(1.0), (y - rect.top()) * height / rect.height().max(1.0))
    }

    pub(super) fn name(self, index: usize) -> String {
        self.network.with_untracked(|network| {
            network.as_ref().and_then(|network| Some(network.nodes.get(index)?.name.clone())).unwrap_or_default()
        })
    }

    /// A pointer takes a node.
    pub(super) fn take(self, index: usize, grip: Grip, event: &PointerEvent) {
        if event.button() == 0 && event.is_primary() {
            let from = self.point(event);
            self.hand.hold.set(Some(Hold { index, grip, from, at: from, drags: false }));
        }
    }

    /// What is held follows the pointer.
    pub(super) fn moved(self, event: &PointerEvent) {
        let Some(mut hold) = self.hand.hold.get_untracked() else { return };
        hold.at = self.point(event);
        if !hold.drags {
            if (hold.at.0 - hold.from.0).hypot(hold.at.1 - hold.from.1) < SLACK {
                return;
            }
            hold.drags = true;
            let svg = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
            // Without it a pointer that leaves the picture lets go.
            svg.into_iter().for_each(|svg| drop(svg.set_pointer_capture(event.pointer_id())));
        }
        self.hand.hold.set(Some(hold));
        match hold.grip {
            Grip::Move => self.places.put(&self.name(hold.index), hold.at),
            Grip::Link => {
                let from = self.places.points.with_untracked(|points| at(points, hold.index));
                self.hand.aim.set(Some((from, hold.at, self.near(hold.at, hold.index))));
            }
        }
    }

    /// The node at a place, apart from one.
    pub(super) fn near(self, place: Point, except: usize) -> Option<usize> {
        let own = self.network.with_untracked(|network| network.as_ref().map_or(0, |network| network.nodes.len()));
        self.places.points.with_untracked(|points| {
            let far = |point: &Point| (point.0 - place.0).hypot(point.1 - place.1);
            let others = points.iter().take(own).enumerate().filter(|(index, _)| *index != except);
            let nearest = others.min_by(|(_, a), (_, b)| far(a).total_cmp(&far(b)))?;
            (far(nearest.1) <= radius(points.len()) + NEAR).then_some(nearest.0)
        })
    }

    /// A pointer lets go.
    pub(super) fn dropped(self, event: &PointerEvent) {
        let Some(hold) = self.hand.hold.get_untracked() else { return };
        let at = self.point(event);
        self.hand.let_go();
        match hold.grip {
            _ if !hold.drags => {}
            Grip::Move => self.places.keep(),
            Grip::Link => {
                if let Some(to) = self.near(at, hold.index) {
                    self.offer(self.name(hold.index), Some(self.name(to)));
                }
            }
        }
    }

    /// A press beside all nodes: what is moved by keys goes there.
    pub(super) fn pressed(self, event: &ev::MouseEvent) {
        let inside = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let beside = inside.is_some_and(|target| target.closest(".hit").ok().flatten().is_none());
        if let Some((_, name)) = self.hand.moving.get_untracked().filter(|_| beside) {
            self.places.put(&name, self.place(f64::from(event.client_x()), f64::from(event.client_y())));
            self.put_down();
        }
    }

    /// Keys move what was taken up.
    pub(super) fn steered(self, event: &ev::KeyboardEvent) {
        let Some((index, name)) = self.hand.moving.get_untracked() else { return };
        let step = if event.shift_key() { 4.0 * STEP } else { STEP };
        let (x, y) = self.places.points.with_untracked(|points| at(points, index));
        match event.key().as_str() {
            "ArrowLeft" => self.places.put(&name, (x - step, y)),
            "ArrowRight" => self.places.put(&name, (x + step, y)),
            "ArrowUp" => self.places.put(&name, (x, y - step)),
            "ArrowDown" => self.places.put(&name, (x, y + step)),
            "Enter" | "Escape" | " " | "m" | "M" => self.put_down(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }

    fn put_down(self) {
        self.hand.moving.set(None);
        self.places.keep();
    }

    /// Opens the form that offers a channel.
    pub(super) fn offer(self, from: String, to: Option<String>) {
        self.lab.opening.set(Some([Some(from), to]));
        self.lab.client.place.next_frame(|| {
            let field = document().query_selector(".channels form select").ok().flatten();
            if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
                field.scroll_into_view();
                // What cannot take the focus leaves it where it is.
                drop(field.focus());
            }
        });
    }
}
