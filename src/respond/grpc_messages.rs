//! Where the messages of a gRPC-Web body end. A status may follow only a complete message.

use base64_simd::{AsOut, STANDARD};

/// The flag and the length before each message.
const PREFIX: usize = 5;

/// The characters of base64 that are decoded together.
const GROUP: usize = 4;

/// Follows the messages of a body.
#[derive(Debug, Default)]
pub(super) struct Messages {
    prefix: [u8; PREFIX],
    /// How many bytes of the prefix were passed.
    prefix_len: usize,
    /// How many bytes of the message follow.
    left: u64,
}

impl Messages {
    pub(super) fn pass(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            let skipped = data.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.left -= skipped as u64;
            data = data.get(skipped..).unwrap_or_default();
            if let Some((byte, rest)) = data.split_first() {
                self.pass_prefix(*byte);
                data = rest;
            }
        }
    }

    fn pass_prefix(&mut self, byte: u8) {
        if let Some(place) = self.prefix.get_mut(self.prefix_len) {
            *place = byte;
        }
        self.prefix_len += 1;
        if self.prefix_len == PREFIX {
            let [_, length @ ..] = self.prefix;
            self.left = u32::from_be_bytes(length).into();
            self.prefix_len = 0;
        }
    }

    /// Whether the last message is complete.
    pub(super) const fn are_complete(&self) -> bool {
        self.left == 0 && self.prefix_len == 0
    }
}

/// Follows the messages of a body in base64. Each of its parts may be padded.
#[derive(Debug, Default)]
pub(super) struct TextMessages {
    messages: Messages,
    group: [u8; GROUP],
    /// How many characters of the group were passed.
    group_len: usize,
    is_malformed: bool,
}

impl TextMessages {
    pub(super) fn pass(&mut self, text: &[u8]) {
        for character in text {
            if let Some(place) = self.group.get_mut(self.group_len) {
                *place = *character;
            }
            self.group_len += 1;
            if self.group_len == GROUP {
                self.group_len = 0;
                match STANDARD.decode(&self.group, [0; 3].as_mut_slice().as_out()) {
                    Ok(data) => self.messages.pass(data),
                    Err(_) => self.is_malformed = true,
                }
            }
        }
    }

    /// Whether the last message is complete.
    pub(super) const fn are_complete(&self) -> bool {
        !self.is_malformed && self.group_len == 0 && self.messages.are_complete()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages of two, no, and 300 bytes.
    fn body() -> Vec<u8> {
        let long = [[0, 0, 0, 1, 44].as_slice(), &[7; 300]].concat();
        [&[0, 0, 0, 0, 2, 9, 9], &[1, 0, 0, 0, 0][..], &*long].concat()
    }

    #[test]
    fn messages_are_complete_only_at_their_ends() {
        for size in [1, 2, 3, 5, 7, 100, 1000] {
            let mut messages = Messages::default();
            let mut passed = 0;
            for part in body().chunks(size) {
                messages.pass(part);
                passed += part.len();
                let is_end = [7, 12, 317].contains(&passed);
                assert_eq!(messages.are_complete(), is_end, "{passed} in parts of {size}");
            }
        }
        assert!(Messages::default().are_complete());
    }

    #[test]
    fn padded_parts_of_base64_are_followed() {
        for size in [1, 2, 3, 5, 7, 100, 1000] {
            let (mut messages, mut passed) = (TextMessages::default(), 0);
            for part in body().chunks(size) {
                let text = STANDARD.encode_to_string(part);
                let (first, rest) = text.as_bytes().split_at(1);
                messages.pass(first);
                assert!(!messages.are_complete());
                messages.pass(rest);
                passed += part.len();
                let is_end = [7, 12, 317].contains(&passed);
                assert_eq!(messages.are_complete(), is_end, "{passed} in parts of {size}");
            }
        }
    }

    #[test]
    fn text_that_is_not_base64_is_never_complete() {
        let mut messages = TextMessages::default();
        messages.pass(b"AAA-");
        messages.pass(STANDARD.encode_to_string(body()).as_bytes());
        assert!(!messages.are_complete());
        let mut messages = TextMessages::default();
        messages.pass(STANDARD.encode_to_string(body()).as_bytes());
        assert!(messages.are_complete());
    }
}
