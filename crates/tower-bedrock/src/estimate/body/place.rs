use super::{families::Path, found::Found};
use crate::estimate::rules::{IMAGE, MESSAGE, TOOL, TOOL_CALL, audio, document, text, video};

/// Where in the body a value is.
#[derive(Clone, Copy)]
pub(super) struct Place<'n> {
    /// How many members are around it.
    depth: usize,
    /// The member that it is the value of, or in a list of.
    name: &'n str,
    parent: &'n str,
    medium: Medium,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Medium {
    /// Text and whatever else says nothing of itself.
    Any,
    Document,
    Image,
    Video,
    Audio,
    /// A schema or a tool's input, which the model reads as JSON.
    Json,
}

impl<'n> Place<'n> {
    pub(super) const OUTERMOST: Self = Place {
        depth: 0,
        name: "",
        parent: "",
        medium: Medium::Any,
    };

    pub(super) fn member(&self, name: &'n str) -> Self {
        let medium = match (self.medium, name) {
            (Medium::Json, _)
            | (_, "input_schema" | "inputSchema" | "parameters" | "input" | "json") => Medium::Json,
            (_, "document") => Medium::Document,
            (_, "video" | "inputVideo") => Medium::Video,
            // Pegasus watches videos alone. Marengo says before it what else it is.
            (Medium::Any, "mediaSource") => Medium::Video,
            (_, "audio" | "inputAudio" | "input_audio") => Medium::Audio,
            (_, "image" | "images") => Medium::Image,
            (medium, _) => medium,
        };
        Self {
            depth: self.depth + 1,
            name,
            parent: self.name,
            medium,
        }
    }

    /// Limits are at most two members deep. Further in, in messages and schemas, members have any
    /// names.
    pub(super) fn is_at(&self, path: Path) -> bool {
        match self.depth {
            1 => *path == [self.name],
            2 => *path == [self.parent, self.name],
            _ => false,
        }
    }

    /// A number, a boolean or null. Outside of JSON these are settings, which the model does not
    /// read; in it they are about as long as the word `true`.
    pub(super) fn scalar(&self, found: &mut Found) {
        if self.medium == Medium::Json {
            found.add_json(4);
        }
    }

    /// What the member itself costs, whatever its value.
    pub(super) fn overhead(&self, found: &mut Found) {
        match self.name {
            "role" => found.add(MESSAGE),
            "input_schema" | "inputSchema" | "parameters" => found.add(TOOL),
            "tool_use_id" | "toolUseId" | "tool_call_id" => found.add(TOOL_CALL),
            // Quotes, colon and comma.
            name if self.medium == Medium::Json => found.add_json(name.len() + 4),
            _ => {}
        }
    }

    /// Names and ids that the model's prompt does not have, or that the overhead stands for.
    fn is_unread(&self) -> bool {
        matches!(
            self.name,
            "anthropic_version"
                | "cache_control"
                | "cachePoint"
                | "format"
                | "id"
                | "media_type"
                | "role"
                | "schemaVersion"
                | "tool_call_id"
                | "tool_use_id"
                | "toolUseId"
                | "type"
        )
    }

    pub(super) fn string(&self, value: &str, found: &mut Found) {
        if self.medium == Medium::Json {
            found.add_json(value.len() + 2);
        } else if self.is_medium(value) {
            // Base64 has four letters for three bytes.
            let len = Some(value.len() / 4 * 3);
            found.add(match self.medium {
                Medium::Video => video(len),
                Medium::Audio => audio(len),
                Medium::Document => document(len),
                _ if is_pdf(value) => document(len),
                _ => IMAGE,
            });
        } else if !self.is_unread() {
            found.add(text(value));
        }
    }

    fn is_medium(&self, value: &str) -> bool {
        if value.starts_with("data:") {
            return true;
        }
        if holds_media(self.name) {
            return is_base64(value);
        }
        // Media that lie in S3 are as long as others, and the model reads no address.
        let is_media = matches!(self.medium, Medium::Image | Medium::Video | Medium::Audio);
        is_media && matches!(self.name, "uri" | "s3Uri") && value.starts_with("s3://")
    }
}

/// Whether members of this name hold media in base64. By the end of the name, for there are many:
/// `inputImage`, `maskImage`, `init_image`, `mask_image`, `conditionImage`, `referenceImages`.
fn holds_media(name: &str) -> bool {
    let ends = |end: &str| {
        let start = name.len().checked_sub(end.len());
        let tail = start.and_then(|start| name.get(start..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    matches!(name, "bytes" | "data" | "base64String" | "file_data")
        || ["image", "images", "mask", "video", "audio"]
            .into_iter()
            .any(ends)
}

/// Whether it begins as base64 does and text seldom: no space in 64 letters. A whole image is not
/// searched for one.
fn is_base64(value: &str) -> bool {
    let mut start = value.bytes().take(64);
    start.all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
}

fn is_pdf(value: &str) -> bool {
    value.starts_with("JVBERi0") || value.starts_with("data:application/pdf")
}
