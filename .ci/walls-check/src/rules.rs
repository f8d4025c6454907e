//! The plan of the house, as tables. To change a rule, change a row here, the matching expectation
//! in `self_test.rs`, and the picture in `CONTRIBUTING.md`.

/// Rooms are the top-level modules. A room imports rooms on lower floors, and itself.
pub const FLOORS: &[(u8, &[&str])] = &[
    (1, &["claims", "error", "build_error", "answer", "clock"]),
    (2, &["jws", "token", "respond", "rule", "observe"]),
    (3, &["policy", "key"]),
    (4, &["verify", "jwks"]),
    (5, &["authorize", "preset", "possession"]),
    (6, &["integration", "authenticate", "testing"]),
    (7, &[ROOF, "guide"]),
];

/// `lib.rs`: it re-exports anything, and nothing imports through it.
pub const ROOF: &str = "lib";

/// The only arrows that stay on their floor: from, to, and why.
pub const SAME_FLOOR: &[(&str, &str, &str)] = &[
    ("claims", "error", "error is the ground: claims that cannot be read are refused"),
    ("answer", "error", "error is the ground: an answer may be a refusal"),
    ("clock", "error", "error is the ground: a clock may fail"),
];

/// What some rooms never use, whatever their floors.
pub struct Wall {
    pub of: &'static [&'static str],
    pub rooms: &'static [&'static str],
    pub crates: &'static [&'static str],
    pub why: &'static str,
}

pub const WALLS: &[Wall] = &[
    Wall {
        of: &["error", "build_error"],
        rooms: &[
            "claims",
            "error",
            "build_error",
            "answer",
            "clock",
            "jws",
            "token",
            "respond",
            "rule",
            "observe",
            "policy",
            "key",
            "verify",
            "jwks",
            "authorize",
            "preset",
            "possession",
            "integration",
            "authenticate",
            "testing",
        ],
        crates: &[],
        why: "the errors use nothing of ours, so that everything may use them",
    },
    Wall {
        of: &["claims", "jws", "key", "policy", "rule", "verify"],
        rooms: &["token", "respond", "authenticate", "authorize", "integration"],
        crates: &["http", "http_body"],
        why: "the verifier is usable without HTTP",
    },
    Wall {
        of: &["verify"],
        rooms: &["jwks", "preset"],
        crates: &[],
        why: "a remote set is one key source among others",
    },
    Wall {
        of: &["authenticate"],
        rooms: &["authorize"],
        crates: &[],
        why: "the two middleware meet in the extensions, and in `rule`",
    },
    Wall {
        of: &["authorize"],
        rooms: &["authenticate"],
        crates: &[],
        why: "the two middleware meet in the extensions, and in `rule`",
    },
];

/// Crates that only some files may name. A place ending in `/` is a folder.
pub struct Reserved {
    pub crates: &'static [&'static str],
    pub only_in: &'static [&'static str],
    pub why: &'static str,
}

pub const RESERVED: &[Reserved] = &[
    Reserved {
        crates: &[
            "aws_lc_rs",
            "aws_lc_sys",
            "ring",
            "rsa",
            "p256",
            "p384",
            "p521",
            "ed25519_dalek",
            "hmac",
            "sha2",
            "signature",
        ],
        only_in: &[
            "src/key/backend.rs",
            "src/key/backend/",
            "src/testing/mint.rs",
            "src/testing/mint/",
        ],
        why: "a crypto backend changes in one place, key/backend",
    },
    Reserved {
        crates: &["jsonwebtoken"],
        only_in: &[
            "src/jws/from_jsonwebtoken.rs",
            "src/key/from_jsonwebtoken.rs",
            "src/policy/from_jsonwebtoken.rs",
        ],
        why: "its types are converted in these files, and nothing is verified with it",
    },
    Reserved {
        crates: &["tracing", "metrics", "log"],
        only_in: &["src/observe.rs", "src/observe/"],
        why: "what is observed is written in one place, observe",
    },
];

/// Who may read the time.
pub struct Time {
    /// Ends of paths that read it. The first segment may be a crate.
    pub paths: &'static [&'static [&'static str]],
    /// Methods that read it, on whatever they are called.
    pub methods: &'static [&'static str],
    pub only_in: &'static [&'static str],
    pub why: &'static str,
}

pub const TIME: Time = Time {
    paths: &[
        &["SystemTime", "now"],
        &["SystemTime", "elapsed"],
        &["Instant", "now"],
        &["Instant", "elapsed"],
        &["Utc", "now"],
        &["OffsetDateTime", "now_utc"],
        &["jsonwebtoken", "get_current_timestamp"],
    ],
    methods: &["elapsed"],
    only_in: &["src/clock.rs", "src/testing/clock.rs"],
    why: "time is injected: ask the clock",
};

/// A function that may only be called from some files: the proofs by type.
pub struct Guarded {
    /// The type it belongs to; `None` for a method or function of that name on anything.
    pub of: Option<&'static str>,
    pub name: &'static str,
    pub only_in: &'static [&'static str],
    pub why: &'static str,
}

pub const GUARDED: &[Guarded] = &[
    Guarded {
        of: None,
        name: "verify_with",
        only_in: &["src/key/verification_key.rs"],
        why: "it makes a SignedPayload, which only a verification key may hand out",
    },
    Guarded {
        of: Some("Verified"),
        name: "new",
        only_in: &["src/verify/"],
        why: "Verified is made from Accepted, by the verifier alone",
    },
];

/// The stairs inside a room, from top to bottom: a file never imports one that stands higher.
/// Files not listed stand beside the stairs; circles are forbidden to them all the same.
pub struct Stairs {
    pub room: &'static str,
    pub steps: &'static [&'static [&'static str]],
}

pub const STAIRS: &[Stairs] = &[
    Stairs { room: "authenticate", steps: &[&["layer"], &["service"], &["future"], &["config"]] },
    Stairs {
        room: "authorize",
        steps: &[
            &["layer"],
            &["service"],
            &["requirement"],
            &["future", "owner", "step_up", "manner"],
        ],
    },
    Stairs {
        room: "verify",
        steps: &[
            &["policy_settings"],
            &["builder"],
            &["verifier"],
            &["signature"],
            &["cache", "issuers", "revocation"],
            &["verified", "identity", "anonymous"],
        ],
    },
    Stairs { room: "jwks", steps: &[&["background"], &["remote"], &["discovery"], &["fetch"]] },
];

pub const STAIRS_WHY: &str = "inside a room the arrows go down its stairs";
pub const CIRCLE_WHY: &str = "files of one room form no circle";

/// Where `cfg(feature = …)` may stand on anything. Elsewhere it stands on whole items: a `mod`, a
/// `use`, a function, an `impl` block, a method.
pub const FEATURES_ANYWHERE: &[&str] =
    &["src/observe.rs", "src/observe/", "src/key/backend.rs", "src/key/backend/"];

pub const FEATURES_WHY: &str = "a feature gates whole items, never logic inside one";

/// Tables of contents: docs, attributes, `mod`, `use` and `extern crate`, and no definition.
pub const CONTENTS: &[&str] = &["lib.rs", "mod.rs"];

pub const CONTENTS_WHY: &str = "lib.rs and mod.rs are tables of contents";
pub const ROOF_WHY: &str = "nothing imports through lib.rs: name the room";
pub const OWN_CONTENTS_WHY: &str = "what another room defines is imported from that room";
pub const UNKNOWN_WHY: &str = "not in the plan: add it to the table";

/// The floor of a room, when it is in the plan.
pub fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(_, rooms)| rooms.contains(&room)).map(|(floor, _)| *floor)
}

/// Whether the file stands in one of the places.
pub fn stands_in(file: &str, places: &[&str]) -> bool {
    places.iter().any(
        |place| {
            if place.ends_with('/') { file.starts_with(place) } else { file == *place }
        },
    )
}

/// How many walls are held: one for each row of each table.
pub fn count() -> usize {
    FLOORS.len() + WALLS.len() + RESERVED.len() + GUARDED.len() + STAIRS.len() + SINGLE_RULES
}

/// Time, circles, features, contents, imports through `lib.rs`, and through a room's own `mod.rs`.
const SINGLE_RULES: usize = 6;
