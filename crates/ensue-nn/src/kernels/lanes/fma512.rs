//! The inner loops of the products for AVX-512, in assembly.
//!
//! The compiler recomputes the rows' addresses at every step, and reorders an unrolled loop until
//! it spills. Written down, the loop runs at the rate of the multipliers and takes a quarter fewer
//! slots of the front end, which matters where another thread runs on the same core. Some rows are
//! broadcast inside the multiplication, once for each vector: there are loads to spare.

use std::arch::asm;
use std::arch::x86_64::__m512;

/// One row's multiplications by the two vectors in zmm24 and zmm25.
macro_rules! row2 {
    (fold, $z0:tt, $z1:tt, $at:expr) => {
        concat!(
            "vfmadd231ps ",
            $z0,
            ", zmm24, dword ptr [",
            $at,
            "]{{1to16}}\n",
            "vfmadd231ps ",
            $z1,
            ", zmm25, dword ptr [",
            $at,
            "]{{1to16}}\n",
        )
    };
    (cast, $z0:tt, $z1:tt, $at:expr) => {
        concat!(
            "vbroadcastss zmm27, dword ptr [",
            $at,
            "]\n",
            "vfmadd231ps ",
            $z0,
            ", zmm24, zmm27\n",
            "vfmadd231ps ",
            $z1,
            ", zmm25, zmm27\n",
        )
    };
}

/// One row's multiplications by the three vectors in zmm24 to zmm26.
macro_rules! row3 {
    ($z0:tt, $z1:tt, $z2:tt, $at:expr) => {
        concat!(
            "vbroadcastss zmm27, dword ptr [",
            $at,
            "]\n",
            "vfmadd231ps ",
            $z0,
            ", zmm24, zmm27\n",
            "vfmadd231ps ",
            $z1,
            ", zmm25, zmm27\n",
            "vfmadd231ps ",
            $z2,
            ", zmm26, zmm27\n",
        )
    };
}

/// The loop around the rows: four steps at a time, then single ones.
macro_rules! steps {
    ($four:expr, $one:expr) => {
        concat!(
            "sub {n}, 4\n",
            "jb 3f\n",
            ".p2align 5\n",
            "2:\n",
            $four,
            "sub {n}, 4\n",
            "jae 2b\n",
            "3:\n",
            "add {n}, 4\n",
            "jz 5f\n",
            "4:\n",
            $one,
            "dec {n}\n",
            "jnz 4b\n",
            "5:\n",
        )
    };
}

/// Rows `s` bytes apart, steps of one element; two vectors of weights.
macro_rules! rows2 {
    (($acc:ident $k:ident $p:ident $s:ident $b:ident $w:ident)
     $(($r:literal $z0:tt $z1:tt $at:literal $how:ident))*) => {
        asm!(
            steps!(
                concat!(
                    "vmovups zmm24, [{b}]\n", "vmovups zmm25, [{b}+64]\n",
                    $(row2!($how, $z0, $z1, $at),)*
                    "vmovups zmm24, [{b}+{w}]\n", "vmovups zmm25, [{b}+{w}+64]\n",
                    $(row2!($how, $z0, $z1, concat!($at, "+4")),)*
                    "lea {b}, [{b}+{w}*2]\n",
                    "vmovups zmm24, [{b}]\n", "vmovups zmm25, [{b}+64]\n",
                    $(row2!($how, $z0, $z1, concat!($at, "+8")),)*
                    "vmovups zmm24, [{b}+{w}]\n", "vmovups zmm25, [{b}+{w}+64]\n",
                    $(row2!($how, $z0, $z1, concat!($at, "+12")),)*
                    "lea {b}, [{b}+{w}*2]\n",
                    "add {p0}, 16\n", "add {p1}, 16\n", "add {p2}, 16\n", "add {p3}, 16\n",
                ),
                concat!(
                    "vmovups zmm24, [{b}]\n", "vmovups zmm25, [{b}+64]\n",
                    $(row2!($how, $z0, $z1, $at),)*
                    "/* {s} */ add {p0}, 4\n", "add {p1}, 4\n", "add {p2}, 4\n", "add {p3}, 4\n",
                    "add {b}, {w}\n",
                )
            ),
            n = inout(reg) $k => _,
            p0 = inout(reg) $p[0] => _, p1 = inout(reg) $p[1] => _,
            p2 = inout(reg) $p[2] => _, p3 = inout(reg) $p[3] => _,
            s = in(reg) $s, b = inout(reg) $b => _, w = in(reg) $w,
            $(inout($z0) $acc[$r][0], inout($z1) $acc[$r][1],)*
            out("zmm24") _, out("zmm25") _, out("zmm27") _,
            options(nostack, readonly),
        )
    };
}

/// Rows `s` bytes apart, steps of one element; three vectors of weights.
macro_rules! rows3 {
    (($acc:ident $k:ident $p:ident $s:ident $b:ident $w:ident)
     $(($r:literal $z0:tt $z1:tt $z2:tt $at:literal))*) => {
        asm!(
            steps!(
                concat!(
                    "vmovups zmm24, [{b}]\n", "vmovups zmm25, [{b}+64]\n",
                    "vmovups zmm26, [{b}+128]\n",
                    $(row3!($z0, $z1, $z2, $at),)*
                    "vmovups zmm24, [{b}+{w}]\n", "vmovups zmm25, [{b}+{w}+64]\n",
                    "vmovups zmm26, [{b}+{w}+128]\n",
                    $(row3!($z0, $z1, $z2, concat!($at, "+4")),)*
                    "lea {b}, [{b}+{w}*2]\n",
                    "vmovups zmm24, [{b}]\n", "vmovups zmm25, [{b}+64]\n",
                    "vmovups zmm26, [{b}+128]\n",
                    $(row3!($z0, $z1, $z2, concat!($at, "+8")),)*
                    "vmovups zmm24, [{b}+{w}]\n", "vmovups zmm25, [{b}+{w}+64]\n",
                    "vmovups zmm26, [{b}+{w}+128]\n",
                    $(row3!($z0, $z1, $z2, concat!($at, "+12")),)*
                    "lea {b}, [{b}+{w}*2]\n",
                    "add {p0}, 16\n", "add {p1}, 16\n", "add {p2}, 16\n",
                ),
                concat!(
                    "vmovups zmm24, [{b}]\n", "vmovups zmm25, [{b}+64]\n",
                    "vmovups zmm26, [{b}+128]\n",
                    $(row3!($z0, $z1, $z2, $at),)*
                    "/* {s} */ add {p0}, 4\n", "add {p1}, 4\n", "add {p2}, 4\n",
                    "add {b}, {w}\n",
                )
            ),
            n = inout(reg) $k => _,
            p0 = inout(reg) $p[0] => _, p1 = inout(reg) $p[1] => _, p2 = inout(reg) $p[2] => _,
            s = in(reg) $s, b = inout(reg) $b => _, w = in(reg) $w,
            $(inout($z0) $acc[$r][0], inout($z1) $acc[$r][1], inout($z2) $acc[$r][2],)*
            out("zmm24") _, out("zmm25") _, out("zmm26") _, out("zmm27") _,
            options(nostack, readonly),
        )
    };
}

/// Rows side by side, steps `s` bytes apart; two vectors of weights.
macro_rules! outer2 {
    (($acc:ident $k:ident $p:ident $s:ident $b:ident $w:ident)
     $(($r:literal $z0:tt $z1:tt $at:literal $how:ident))*) => {
        outer2!(@ ($acc $k $p $s $b $w) $(($r $z0 $z1))* ; concat!(
            "vmovups zmm24, [{b}]\n", "vmovups zmm25, [{b}+64]\n",
            $(row2!($how, $z0, $z1, $at),)*
            "add {p0}, {s}\n", "add {b}, {w}\n",
        ))
    };
    (@ ($acc:ident $k:ident $p:ident $s:ident $b:ident $w:ident)
     $(($r:literal $z0:tt $z1:tt))* ; $one:expr) => {
        asm!(
            steps!(concat!($one, $one, $one, $one), $one),
            n = inout(reg) $k => _, p0 = inout(reg) $p[0] => _,
            s = in(reg) $s, b = inout(reg) $b => _, w = in(reg) $w,
            $(inout($z0) $acc[$r][0], inout($z1) $acc[$r][1],)*
            out("zmm24") _, out("zmm25") _, out("zmm27") _,
            options(nostack, readonly),
        )
    };
}

/// Rows side by side, steps `s` bytes apart; three vectors of weights.
macro_rules! outer3 {
    (($acc:ident $k:ident $p:ident $s:ident $b:ident $w:ident)
     $(($r:literal $z0:tt $z1:tt $z2:tt $at:literal))*) => {
        outer3!(@ ($acc $k $p $s $b $w) $(($r $z0 $z1 $z2))* ; concat!(
            "vmovups zmm24, [{b}]\n", "vmovups zmm25, [{b}+64]\n", "vmovups zmm26, [{b}+128]\n",
            $(row3!($z0, $z1, $z2, $at),)*
            "add {p0}, {s}\n", "add {b}, {w}\n",
        ))
    };
    (@ ($acc:ident $k:ident $p:ident $s:ident $b:ident $w:ident)
     $(($r:literal $z0:tt $z1:tt $z2:tt))* ; $one:expr) => {
        asm!(
            steps!(concat!($one, $one, $one, $one), $one),
            n = inout(reg) $k => _, p0 = inout(reg) $p[0] => _,
            s = in(reg) $s, b = inout(reg) $b => _, w = in(reg) $w,
            $(inout($z0) $acc[$r][0], inout($z1) $acc[$r][1], inout($z2) $acc[$r][2],)*
            out("zmm24") _, out("zmm25") _, out("zmm26") _, out("zmm27") _,
            options(nostack, readonly),
        )
    };
}

/// The loop for as many of the rows as there are in a tile.
macro_rules! up_to {
    ($m:ident $kernel:ident $args:tt [$($done:tt)*] []) => {
        unreachable!("no tile is that tall")
    };
    ($m:ident $kernel:ident $args:tt [$($done:tt)*] [($r:literal $($row:tt)*) $($rest:tt)*]) => {
        if $m == $r + 1 {
            $kernel!($args $($done)* ($r $($row)*))
        } else {
            up_to!($m $kernel $args [$($done)* ($r $($row)*)] [$($rest)*])
        }
    };
}

/// [`super::Lanes::rows`] for `V` of 2 or 3.
///
/// # Safety
/// As there; the CPU must have AVX-512 F.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn rows<const M: usize, const V: usize>(
    acc: &mut [[__m512; V]; M],
    k: usize,
    a: *const f32,
    row: usize,
    b: *const f32,
    width: usize,
) {
    let (s, w) = (4 * row, 4 * width);
    // Three rows to a pointer: without, once and twice the distance added.
    let p = [0, 3, 6, 9].map(|r| a.wrapping_add(r * row));
    // SAFETY: the loop reads `k` elements of each of the M rows and `k` times V vectors of weights,
    // which the caller has promised, and writes registers only.
    unsafe {
        if V == 2 {
            up_to!(M rows2 (acc k p s b w) [] [
                (0 "zmm0" "zmm1" "{p0}" fold)
                (1 "zmm2" "zmm3" "{p0}+{s}" cast)
                (2 "zmm4" "zmm5" "{p0}+{s}*2" cast)
                (3 "zmm6" "zmm7" "{p1}" fold)
                (4 "zmm8" "zmm9" "{p1}+{s}" cast)
                (5 "zmm10" "zmm11" "{p1}+{s}*2" cast)
                (6 "zmm12" "zmm13" "{p2}" fold)
                (7 "zmm14" "zmm15" "{p2}+{s}" cast)
                (8 "zmm16" "zmm17" "{p2}+{s}*2" cast)
                (9 "zmm18" "zmm19" "{p3}" fold)
                (10 "zmm20" "zmm21" "{p3}+{s}" cast)
                (11 "zmm22" "zmm23" "{p3}+{s}*2" cast)
            ]);
        } else {
            up_to!(M rows3 (acc k p s b w) [] [
                (0 "zmm0" "zmm1" "zmm2" "{p0}")
                (1 "zmm3" "zmm4" "zmm5" "{p0}+{s}")
                (2 "zmm6" "zmm7" "zmm8" "{p0}+{s}*2")
                (3 "zmm9" "zmm10" "zmm11" "{p1}")
                (4 "zmm12" "zmm13" "zmm14" "{p1}+{s}")
                (5 "zmm15" "zmm16" "zmm17" "{p1}+{s}*2")
                (6 "zmm18" "zmm19" "zmm20" "{p2}")
                (7 "zmm21" "zmm22" "zmm23" "{p2}+{s}")
            ]);
        }
    }
}

/// [`super::Lanes::outer`] for `V` of 2 or 3.
///
/// # Safety
/// As there; the CPU must have AVX-512 F.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn outer<const M: usize, const V: usize>(
    acc: &mut [[__m512; V]; M],
    k: usize,
    a: *const f32,
    step: usize,
    b: *const f32,
    width: usize,
) {
    let (s, w, p) = (4 * step, 4 * width, [a]);
    // SAFETY: as in `rows`, with M elements at each of `k` places.
    unsafe {
        if V == 2 {
            up_to!(M outer2 (acc k p s b w) [] [
                (0 "zmm0" "zmm1" "{p0}+0" cast)
                (1 "zmm2" "zmm3" "{p0}+4" cast)
                (2 "zmm4" "zmm5" "{p0}+8" cast)
                (3 "zmm6" "zmm7" "{p0}+12" cast)
                (4 "zmm8" "zmm9" "{p0}+16" cast)
                (5 "zmm10" "zmm11" "{p0}+20" cast)
                (6 "zmm12" "zmm13" "{p0}+24" cast)
                (7 "zmm14" "zmm15" "{p0}+28" cast)
                (8 "zmm16" "zmm17" "{p0}+32" cast)
                (9 "zmm18" "zmm19" "{p0}+36" cast)
                (10 "zmm20" "zmm21" "{p0}+40" cast)
                (11 "zmm22" "zmm23" "{p0}+44" cast)
            ]);
        } else {
            up_to!(M outer3 (acc k p s b w) [] [
                (0 "zmm0" "zmm1" "zmm2" "{p0}+0")
                (1 "zmm3" "zmm4" "zmm5" "{p0}+4")
                (2 "zmm6" "zmm7" "zmm8" "{p0}+8")
                (3 "zmm9" "zmm10" "zmm11" "{p0}+12")
                (4 "zmm12" "zmm13" "zmm14" "{p0}+16")
                (5 "zmm15" "zmm16" "zmm17" "{p0}+20")
                (6 "zmm18" "zmm19" "zmm20" "{p0}+24")
                (7 "zmm21" "zmm22" "zmm23" "{p0}+28")
            ]);
        }
    }
}
