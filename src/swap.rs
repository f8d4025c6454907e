//! A pointer that is read without a lock while it is replaced. With `--cfg shuttle` it is a lock of an interleaving
//! checker, so that the checker sees each read and each replacement.

#[cfg(shuttle)]
pub(crate) use self::checked::{Loaded, Swap};
#[cfg(not(shuttle))]
pub(crate) use self::real::{Loaded, Swap};

#[cfg(not(shuttle))]
mod real {
    use arc_swap::{ArcSwapAny, RefCnt};

    /// What a [`Swap`] holds now. It derefs to the pointer.
    pub(crate) type Loaded<P> = arc_swap::Guard<P>;

    /// Holds an `Arc`, or an `Option` of one.
    pub(crate) struct Swap<P: RefCnt>(ArcSwapAny<P>);

    impl<P: RefCnt> Swap<P> {
        pub(crate) fn new(pointer: P) -> Self {
            Self(ArcSwapAny::new(pointer))
        }

        #[inline]
        pub(crate) fn load(&self) -> Loaded<P> {
            self.0.load()
        }

        /// A load that starts after this call returns the new pointer.
        pub(crate) fn store(&self, pointer: P) {
            self.0.store(pointer);
        }
    }
}

#[cfg(shuttle)]
mod checked {
    use std::ops::Deref;
    use std::sync::PoisonError;

    use shuttle::sync::Mutex;

    pub(crate) struct Loaded<P>(P);

    impl<P> Deref for Loaded<P> {
        type Target = P;

        fn deref(&self) -> &P {
            &self.0
        }
    }

    pub(crate) struct Swap<P>(Mutex<P>);

    impl<P: Clone> Swap<P> {
        pub(crate) fn new(pointer: P) -> Self {
            Self(Mutex::new(pointer))
        }

        pub(crate) fn load(&self) -> Loaded<P> {
            Loaded(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
        }

        pub(crate) fn store(&self, pointer: P) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pointer;
        }
    }
}
