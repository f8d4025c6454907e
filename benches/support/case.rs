//! A named call that is measured many times.

pub(crate) struct Case {
    pub(crate) name: String,
    repeat: Box<dyn FnMut(u64)>,
}

impl Case {
    pub(crate) fn new(name: impl Into<String>, mut call: impl FnMut() + 'static) -> Self {
        Self { name: name.into(), repeat: Box::new(move |times| (0..times).for_each(|_| call())) }
    }

    pub(crate) fn run(&mut self, calls: u64) {
        (self.repeat)(calls);
    }
}
