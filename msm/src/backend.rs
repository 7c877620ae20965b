//! Which code runs: chosen once, by what the processor can do, unless the portable code is asked for.
#[cfg(target_arch = "x86_64")]
use crate::field::vector::Ifma;
use std::sync::{
    atomic::{AtomicBool, Ordering},
    OnceLock,
};

/// Set to anything but the empty string or `0`, it makes all computations use the portable code.
pub const PORTABLE_VARIABLE: &str = "ZKMIPS_PORTABLE";

/// An implementation of all kernels of this crate. All give the same results.
#[derive(Clone, Copy, Debug)]
pub struct Backend(pub(crate) Kernels);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kernels {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Ifma(Ifma),
}

static PORTABLE: AtomicBool = AtomicBool::new(false);

/// Makes the whole process use the portable code from now on, as the variable [`PORTABLE_VARIABLE`] does, or no longer.
pub fn use_portable(portable: bool) {
    PORTABLE.store(portable, Ordering::Relaxed);
}

impl Backend {
    /// Code that runs everywhere.
    pub fn portable() -> Self {
        Self(Kernels::Portable)
    }

    /// Vector instructions, if the processor has those that are needed: AVX-512 F and IFMA.
    pub fn vector() -> Option<Self> {
        static FOUND: OnceLock<Option<Backend>> = OnceLock::new();
        *FOUND.get_or_init(|| {
            #[cfg(target_arch = "x86_64")]
            return Ifma::detect().map(|proof| Self(Kernels::Ifma(proof)));
            #[cfg(not(target_arch = "x86_64"))]
            return None;
        })
    }

    /// What the functions of this crate use that are not told: the vector backend where there is one and nobody objects.
    pub fn current() -> Self {
        static FORBIDDEN: OnceLock<bool> = OnceLock::new();
        let forbidden = *FORBIDDEN.get_or_init(|| {
            std::env::var_os(PORTABLE_VARIABLE)
                .is_some_and(|value| !value.is_empty() && value != "0")
        });
        if forbidden || PORTABLE.load(Ordering::Relaxed) {
            return Self::portable();
        }
        Self::vector().unwrap_or_else(Self::portable)
    }

    /// All backends that this processor can run.
    pub fn all() -> Vec<Self> {
        std::iter::once(Self::portable())
            .chain(Self::vector())
            .collect()
    }

    /// What it is, for people.
    pub fn name(&self) -> &'static str {
        match self.0 {
            Kernels::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Kernels::Ifma(_) => "AVX-512 IFMA",
        }
    }
}
