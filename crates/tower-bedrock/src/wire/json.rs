//! One byte string for every spelling of a JSON value.

use memchr::memchr2;
use std::{iter, ops::Range};

/// Deeper than any request that a person writes. Past it a value has no canonical form, since the
/// walk recurses and a hostile body must not overflow the stack.
const MAX_DEPTH: usize = 256;

/// A canonical form: pieces of the JSON text in another order. It copies none of them, for a prompt
/// may be megabytes, and it has nothing that the text has not.
pub(crate) struct Form<'a> {
    json: &'a [u8],
    pieces: Vec<Range<usize>>,
}

impl<'a> Form<'a> {
    /// The text as it stands.
    pub(super) fn as_it_stands(json: &'a [u8]) -> Self {
        Self {
            json,
            pieces: iter::once(0..json.len()).collect(),
        }
    }

    pub(crate) fn pieces(&self) -> impl Iterator<Item = &'a [u8]> {
        self.pieces.iter().map(|piece| &self.json[piece.clone()])
    }
}

/// `json` without white space and with the members of each object in the order of their names.
///
/// Members of the outermost object whose names `is_left_out` are not in it. Numbers and strings
/// keep their spelling: nothing is rounded or folded, so different values never get one form. Two
/// spellings of one value get two, which costs a cache miss and no wrong answer. Anything but one
/// value is `None`. The inside of a string is not checked: it serves as an identity as it is.
pub(super) fn canonical(json: &[u8], is_left_out: impl Fn(&[u8]) -> bool) -> Option<Form<'_>> {
    let mut walk = Walk {
        json,
        at: 0,
        open: 0,
        pieces: Vec::new(),
        members: Vec::with_capacity(16),
    };
    walk.skip_space();
    walk.value(0, &is_left_out)?;
    walk.skip_space();
    (walk.at == json.len()).then(|| walk.finish())
}

/// Walks JSON, and cuts it into pieces where the canonical form has something else next.
struct Walk<'a> {
    json: &'a [u8],
    at: usize,
    /// Where the piece begins that goes on to `at`.
    open: usize,
    /// The pieces before that one.
    pieces: Vec<Range<usize>>,
    /// The members seen so far of each object that is open, the outermost first.
    members: Vec<Member>,
}

struct Member {
    /// Without its quotes, in `json`.
    name: Range<usize>,
    /// Name, colon and value, in the form.
    place: Range<Mark>,
}

/// A place in the form.
#[derive(Clone, Copy)]
struct Mark {
    at: usize,
    open: usize,
    pieces: usize,
}

/// What is left out of the objects inside: nothing.
fn nothing(_: &[u8]) -> bool {
    false
}

impl<'a> Walk<'a> {
    /// Goes past one value, and past no white space before or after it.
    fn value(&mut self, depth: usize, is_left_out: &dyn Fn(&[u8]) -> bool) -> Option<()> {
        match *self.json.get(self.at)? {
            _ if depth > MAX_DEPTH => None,
            b'{' => self.object(depth, is_left_out),
            b'[' => self.array(depth),
            b'"' => self.string().map(drop),
            _ => self.scalar(),
        }
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        if self.next_is(b']') {
            return Some(());
        }
        loop {
            self.skip_space();
            self.value(depth + 1, &nothing)?;
            if self.next_is(b']') {
                return Some(());
            }
            self.next_is(b',').then_some(())?;
        }
    }

    fn object(&mut self, depth: usize, is_left_out: &dyn Fn(&[u8]) -> bool) -> Option<()> {
        self.at += 1;
        if self.next_is(b'}') {
            return Some(());
        }
        let (start, first) = (self.mark(), self.members.len());
        let (mut in_order, mut comma) = (true, 0..0);
        loop {
            self.skip_space();
            let from = self.mark();
            let name = self.string()?;
            self.next_is(b':').then_some(())?;
            self.skip_space();
            self.value(depth + 1, &nothing)?;
            if is_left_out(&self.json[name.clone()]) {
                // Written anew without it, as if it stood in the wrong place.
                in_order = false;
            } else {
                let last = self.members[first..].last();
                let follows = last.is_none_or(|last| self.name(last) <= &self.json[name.clone()]);
                in_order &= follows;
                self.members.push(Member {
                    name,
                    place: from..self.mark(),
                });
            }
            self.skip_space();
            if self.next_is(b',') {
                comma = self.at - 1..self.at;
                continue;
            }
            if !in_order {
                self.put_in_order(start, first, &comma);
            }
            self.members.truncate(first);
            return self.next_is(b'}').then_some(());
        }
    }

    /// Orders anew the pieces of the object that begins at `start`, up to its closing brace. `comma`
    /// is one of it, if there are two members.
    fn put_in_order(&mut self, start: Mark, first: usize, comma: &Range<usize>) {
        let json = self.json;
        // A stable sort: of two members of one name, which JSON allows, the last one stays the last.
        self.members[first..].sort_by_key(|member| &json[member.name.clone()]);
        let mut ordered = Vec::with_capacity(2 * (self.members.len() - first));
        for (index, Member { place, .. }) in self.members[first..].iter().enumerate() {
            if index > 0 {
                ordered.push(comma.clone());
            }
            self.copy(place, &mut ordered);
        }
        self.pieces.truncate(start.pieces);
        self.pieces.push(start.open..start.at);
        self.pieces.append(&mut ordered);
        self.open = self.at;
    }

    /// Adds the pieces between two places.
    fn copy(&self, place: &Range<Mark>, pieces: &mut Vec<Range<usize>>) {
        let (start, end) = (place.start, place.end);
        match self.pieces[start.pieces..end.pieces].split_first() {
            None => pieces.push(start.at..end.at),
            Some((first, others)) => {
                pieces.push(start.at..first.end);
                pieces.extend_from_slice(others);
                pieces.push(end.open..end.at);
            }
        }
    }

    /// Past a string; its place without the quotes.
    fn string(&mut self) -> Option<Range<usize>> {
        (*self.json.get(self.at)? == b'"').then_some(())?;
        let start = self.at + 1;
        let mut at = start;
        loop {
            // Most of a request is text: its end is looked for many bytes at a time.
            at += memchr2(b'"', b'\\', self.json.get(at..)?)?;
            if self.json[at] == b'"' {
                self.at = at + 1;
                return Some(start..at);
            }
            // A backslash and what it escapes, which may be a quote.
            at += 2;
        }
    }

    fn scalar(&mut self) -> Option<()> {
        let rest = &self.json[self.at..];
        let end = rest
            .iter()
            .position(|byte| !byte.is_ascii_alphanumeric() && !b"+-.".contains(byte));
        let (scalar, _) = rest.split_at(end.unwrap_or(rest.len()));
        // No more is checked: two texts that differ have two forms whatever they mean.
        let is_number = matches!(scalar.first()?, b'-' | b'0'..=b'9');
        let is_value = is_number || [&b"true"[..], b"false", b"null"].contains(&scalar);
        is_value.then(|| self.at += scalar.len())
    }

    /// Past white space and, if it comes next, `byte`.
    fn next_is(&mut self, byte: u8) -> bool {
        self.skip_space();
        let is_next = self.json.get(self.at) == Some(&byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn skip_space(&mut self) {
        let is_space = |&byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        if self.json.get(self.at).is_some_and(is_space) {
            self.cut();
            let spaces = self.json[self.at..]
                .iter()
                .take_while(|byte| is_space(byte));
            self.at += spaces.count();
            self.open = self.at;
        }
    }

    fn name(&self, member: &Member) -> &'a [u8] {
        &self.json[member.name.clone()]
    }

    /// Where the form ends so far.
    const fn mark(&self) -> Mark {
        Mark {
            at: self.at,
            open: self.open,
            pieces: self.pieces.len(),
        }
    }

    fn cut(&mut self) {
        if self.open < self.at {
            self.pieces.push(self.open..self.at);
        }
        self.open = self.at;
    }

    fn finish(mut self) -> Form<'a> {
        self.cut();
        Form {
            json: self.json,
            pieces: self.pieces,
        }
    }
}

#[cfg(test)]
mod tests;
