//! A view as a file: what is in sight, written as SVG with the colours it has now, so that it needs nothing but itself; or that, painted twice as large, as PNG.

use std::collections::BTreeMap;

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{
    Blob, CanvasRenderingContext2d, CssStyleDeclaration, DomRect, Element, HtmlCanvasElement, HtmlImageElement, Node,
    Range,
};

use super::{
    Lab, format,
    present::Scene,
    runs::{blob_of, give, url_of},
};
use crate::{
    primitives::Timestamp,
    web::strings::{fill, text},
};

const SVG: &str = "image/svg+xml";
/// Pixels of a painted picture for each on the screen.
const SHARPNESS: f64 = 2.0;
/// What is no part of the picture: controls, and what is folded away.
const LEFT_OUT: &str = ".tools, .hint, .hidden, form, details, .buttons, .detail, .handle, .reach, .reaching";
/// Attributes that say where something is.
const PLACES: [&str; 18] = [
    "cx",
    "cy",
    "d",
    "dx",
    "dy",
    "height",
    "preserveAspectRatio",
    "r",
    "rx",
    "ry",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
];
/// Properties that say how something looks, besides its colours.
const LOOKS: [&str; 10] = [
    "font-family",
    "font-size",
    "font-weight",
    "paint-order",
    "stroke-dasharray",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-width",
    "text-anchor",
    "vector-effect",
];

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Svg,
    Png,
}

/// Saves the picture of a view; its name says of what and when.
pub(super) fn save(lab: Lab, scene: Scene, kind: Kind) {
    let now =
        lab.client.moment.with_untracked(|moment| moment.as_ref().map_or(Timestamp(0), |moment| moment.transport.now));
    let title = fill("picture-title", &[text(scene.name()), &format::clock(now)]);
    let file = format!("tabchain-{}-{}", scene.name(), stamp(now));
    let section = document().query_selector(&format!("[aria-labelledby=\"{}-title\"]", scene.name())).ok().flatten();
    let drawn = section.and_then(|section| Pen::draw(&section, &title).ok());
    let done = drawn.ok_or(JsValue::NULL).and_then(|(svg, size)| match kind {
        Kind::Svg => give(&format!("{file}.svg"), &blob_of(SVG, &svg)?),
        Kind::Png => paint(&svg, size, format!("{file}.png")),
    });
    if done.is_err() {
        lab.notice.set(Some(text("no-picture").to_owned()));
    }
}

/// `00h12m03.450s`.
fn stamp(time: Timestamp) -> String {
    let (seconds, ms) = (time.0 / 1_000, time.0 % 1_000);
    format!("{:02}h{:02}m{:02}.{ms:03}s", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Paints a picture and gives it to the browser as a file.
fn paint(svg: &str, (width, height): (f64, f64), name: String) -> Result<(), JsValue> {
    let (image, url) = (HtmlImageElement::new()?, url_of(SVG, svg)?);
    let source = image.clone();
    let painted = Closure::once_into_js(move || -> Result<(), JsValue> {
        let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
        canvas.set_width((width * SHARPNESS) as u32);
        canvas.set_height((height * SHARPNESS) as u32);
        let (w, h) = (f64::from(canvas.width()), f64::from(canvas.height()));
        pen_of(&canvas)?.draw_image_with_html_image_element_and_dw_and_dh(&source, 0.0, 0.0, w, h)?;
        let made =
            Closure::once_into_js(move |blob: Option<Blob>| blob.map(|blob| give(&name, &blob)).transpose().map(drop));
        canvas.to_blob(made.unchecked_ref())
    });
    image.set_onload(Some(painted.unchecked_ref()));
    image.set_src(&url);
    Ok(())
}

fn pen_of(canvas: &HtmlCanvasElement) -> Result<CanvasRenderingContext2d, JsValue> {
    Ok(canvas.get_context("2d")?.ok_or(JsValue::NULL)?.unchecked_into())
}

/// Writes down what is on the screen.
struct Pen {
    out: String,
    /// The upper left corner of the picture.
    origin: (f64, f64),
    probe: CanvasRenderingContext2d,
    /// Colours as the screen shows them, by how the style says them.
    colours: BTreeMap<String, (String, f64)>,
}

impl Pen {
    fn draw(section: &Element, title: &str) -> Result<(String, (f64, f64)), JsValue> {
        let rect = section.get_bounding_client_rect();
        let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
        let mut pen = Self {
            out: String::new(),
            origin: (rect.left(), rect.top()),
            probe: pen_of(&canvas)?,
            colours: BTreeMap::new(),
        };
        let (width, height) = (rect.width().ceil(), rect.height().ceil());
        pen.out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\"><title>{}</title>",
            escaped(title)
        );
        pen.element(section)?;
        pen.out += "</svg>\n";
        Ok((pen.out, (width, height)))
    }

    /// An element of HTML: its box, its text, and what is in it.
    fn element(&mut self, element: &Element) -> Result<(), JsValue> {
        let Some(style) = style_of(element)? else { return Ok(()) };
        let rect = element.get_bounding_client_rect();
        if element.tag_name() == "svg" {
            return self.graphic(element, Some(&rect));
        }
        self.ground(&style, &rect)?;
        let clips = style.get_property_value("overflow-x")? != "visible";
        if clips {
            let (x, y) = self.at(&rect);
            let (w, h) = (rect.width(), rect.height());
            self.out += &format!(
                "<svg x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" viewBox=\"{x:.1} {y:.1} {w:.1} {h:.1}\">"
            );
        }
        self.each(element, |pen, node| match node.dyn_ref::<Element>() {
            Some(inner) => pen.element(inner),
            None if node.node_type() == Node::TEXT_NODE => pen.lines(node, &style),
            None => Ok(()),
        })?;
        if clips {
            self.out += "</svg>";
        }
        Ok(())
    }

    fn each(
        &mut self,
        element: &Element,
        mut draw: impl FnMut(&mut Self, &Node) -> Result<(), JsValue>,
    ) -> Result<(), JsValue> {
        let mut next = element.first_child();
        while let Some(node) = next {
            draw(self, &node)?;
            next = node.next_sibling();
        }
        Ok(())
    }

    fn at(&self, rect: &DomRect) -> (f64, f64) {
        (rect.left() - self.origin.0, rect.top() - self.origin.1)
    }

    /// The background and the border of a box.
    fn ground(&mut self, style: &CssStyleDeclaration, rect: &DomRect) -> Result<(), JsValue> {
        let ((x, y), (w, h)) = (self.at(rect), (rect.width(), rect.height()));
        let (colour, opacity) = self.colour(&style.get_property_value("background-color")?)?;
        let (edge, _) = self.colour(&style.get_property_value("border-top-color")?)?;
        let border = style.get_property_value("border-left-width")? != "0px";
        if (opacity > 0.0 || border) && w > 0.0 && h > 0.0 {
            let radius = style.get_property_value("border-top-left-radius")?;
            let radius = radius.trim_end_matches("px").parse().unwrap_or(0.0_f64).min(h / 2.0);
            let edge = if border { format!(" stroke=\"{edge}\"") } else { String::new() };
            self.out += &format!(
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"{radius:.1}\" fill=\"{colour}\" fill-opacity=\"{opacity:.3}\"{edge}/>"
            );
        }
        Ok(())
    }

    /// Text of HTML, word by word where the browser has put it.
    fn lines(&mut self, node: &Node, style: &CssStyleDeclaration) -> Result<(), JsValue> {
        let all = node.text_content().unwrap_or_default();
        let (fill, _) = self.colour(&style.get_property_value("color")?)?;
        let looks = ["font-family", "font-size", "font-weight"];
        let looks: String =
            looks.iter().map(|name| attribute(name, &style.get_property_value(name).unwrap_or_default())).collect();
        let range = Range::new()?;
        let mut at = 0;
        for word in all.split_inclusive(char::is_whitespace) {
            let length = word.encode_utf16().count() as u32;
            range.set_start(node, at)?;
            at += length;
            range.set_end(node, at)?;
            let rect = range.get_bounding_client_rect();
            if rect.width() > 0.0 && !word.trim().is_empty() {
                // A line of text stands on about four fifths of its height.
                let (x, y) = self.at(&rect);
                let y = y + rect.height() * 0.79;
                self.out +=
                    &format!("<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{fill}\"{looks}>{}</text>", escaped(word.trim()));
            }
        }
        Ok(())
    }

    /// An element of SVG as it looks. The outermost one stands where it is on the screen.
    fn graphic(&mut self, element: &Element, outermost: Option<&DomRect>) -> Result<(), JsValue> {
        let Some(style) = style_of(element)? else { return Ok(()) };
        let tag = element.tag_name();
        self.out += &format!("<{tag}");
        for name in PLACES {
            let value = element
                .get_attribute(name)
                .filter(|_| outermost.is_none() || matches!(name, "viewBox" | "preserveAspectRatio"));
            self.out += &value.map(|value| attribute(name, &value)).unwrap_or_default();
        }
        if let Some(rect) = outermost {
            let (x, y) = self.at(rect);
            self.out +=
                &format!(" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"", rect.width(), rect.height());
        }
        let of = |name: &str| style.get_property_value(name).unwrap_or_default();
        self.out += &attribute("opacity", &of("opacity"));
        if tag == "svg" {
            self.out += &attribute("overflow", &of("overflow-x"));
        } else {
            self.out += &attribute("transform", &of("transform"));
        }
        if !matches!(tag.as_str(), "svg" | "g") {
            for name in ["fill", "stroke"] {
                let (colour, opacity) = self.colour(&of(name))?;
                self.out += &attribute(name, &colour);
                self.out +=
                    &attribute(if name == "fill" { "fill-opacity" } else { "stroke-opacity" }, &opacity.to_string());
            }
            self.out += &LOOKS
                .iter()
                .filter(|name| tag == "text" || !name.contains("-a") && !name.starts_with("font"))
                .map(|name| attribute(name, &of(name)))
                .collect::<String>();
        }
        self.out.push('>');
        self.each(element, |pen, node| match node.dyn_ref::<Element>() {
            Some(inner) => pen.graphic(inner, None),
            None if node.node_type() == Node::TEXT_NODE => {
                pen.out += &escaped(&node.text_content().unwrap_or_default());
                Ok(())
            }
            None => Ok(()),
        })?;
        self.out += &format!("</{tag}>");
        Ok(())
    }

    /// A colour as every program reads it, and how opaque it is: whatever the style says is painted, and looked at.
    fn colour(&mut self, said: &str) -> Result<(String, f64), JsValue> {
        if said == "none" {
            return Ok(("none".to_owned(), 1.0));
        }
        if let Some(known) = self.colours.get(said) {
            return Ok(known.clone());
        }
        self.probe.clear_rect(0.0, 0.0, 1.0, 1.0);
        self.probe.set_fill_style_str(said);
        self.probe.fill_rect(0.0, 0.0, 1.0, 1.0);
        let data = self.probe.get_image_data(0.0, 0.0, 1.0, 1.0)?.data();
        let known = match data.as_slice() {
            [red, green, blue, alpha] => (format!("#{red:02x}{green:02x}{blue:02x}"), f64::from(*alpha) / 255.0),
            _ => ("none".to_owned(), 1.0),
        };
        self.colours.insert(said.to_owned(), known.clone());
        Ok(known)
    }
}

/// How an element looks; nothing if it is no part of the picture.
fn style_of(element: &Element) -> Result<Option<CssStyleDeclaration>, JsValue> {
    let style = window().get_computed_style(element)?.ok_or(JsValue::NULL)?;
    let hidden = style.get_property_value("display")? == "none"
        || style.get_property_value("visibility")? == "hidden"
        || element.matches(LEFT_OUT)?;
    Ok((!hidden).then_some(style))
}

/// An attribute, unless it says what goes without saying.
fn attribute(name: &str, value: &str) -> String {
    if matches!((name, value), (_, "" | "none") if !matches!(name, "fill" | "preserveAspectRatio"))
        || (name.ends_with("opacity") && value == "1")
    {
        return String::new();
    }
    format!(" {name}=\"{}\"", escaped(value))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
