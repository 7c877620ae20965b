//! How many rows of each chip the segments use.
//!
//! A chip row may serve a slot of any segment, a later one included, because the sum goes over the whole run and the tuple says which
//! slot it is for. A program asks for chips unevenly: it parses, then hashes, then prints. Were each operation served at once, a burst
//! would use rows that all other segments leave idle, and a row that was used once is no longer free: from then on it has a
//! cross term with the running instance (`docs/performance.md`, "What costs what"). So operations are spread evenly, some before their slots
//! are proved and some after, and all segments use the same rows, as few as do.

use crate::{shape::Capacities, unit::UNITS};

/// How many segments the slots are executed ahead of the one that is filled. Each keeps some 300 KB.
pub(crate) const AHEAD: usize = 48;

/// Operations of one kind that may wait behind their slots, unless full use of the chip leaves more: they take memory.
const WAITING: u64 = 1 << 15;

/// Operations for each chip in one segment's slots.
pub(crate) type Arrivals = [u32; UNITS];

/// Segments of a run, and the rows of each chip that they use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// Number of segments.
    pub(crate) segments: usize,
    /// Rows in use, in the order of [`crate::unit::ALL`].
    pub(crate) rows: [usize; UNITS],
}

impl Schedule {
    /// The least segments, at least so many, and in these the least rows, that serve what arrives.
    pub(crate) fn new(arrivals: &[Arrivals], c: &Capacities, at_least: usize) -> Self {
        let full: [Served; UNITS] =
            std::array::from_fn(|unit| serve(arrivals, unit, c.units[unit], arrivals.len()));
        let segments = full
            .iter()
            .zip(c.units)
            .map(|(served, rows)| {
                arrivals.len() + served.left.div_ceil(rows.max(1) as u64) as usize
            })
            .fold(at_least, usize::max);
        let rows = std::array::from_fn(|unit| {
            let most = full[unit].most.max(WAITING);
            let enough = |rows: usize| {
                let served = serve(arrivals, unit, rows, segments);
                served.left == 0 && served.most <= most
            };
            least(c.units[unit], enough)
        });
        Schedule { segments, rows }
    }
}

/// The least number that is enough, if `full` is.
fn least(full: usize, enough: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, full);
    while low < high {
        let middle = (low + high) / 2;
        if enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    high
}

/// What becomes of the operations for one chip.
struct Served {
    /// Most that wait after the segment of their slot.
    most: u64,
    /// Those that are left over.
    left: u64,
}

/// Serves the operations for a chip, in order, with so many rows in each of so many segments.
fn serve(arrivals: &[Arrivals], unit: usize, rows: usize, segments: usize) -> Served {
    let at = |i: usize| arrivals.get(i).map_or(0, |a| u64::from(a[unit]));
    let (mut known, mut due, mut served, mut most) = (0, 0, 0, 0);
    for i in 0..AHEAD {
        known += at(i);
    }
    for i in 0..segments {
        known += at(i + AHEAD);
        due += at(i);
        served = known.min(served + rows as u64);
        most = most.max(due.saturating_sub(served));
    }
    Served {
        most,
        left: known - served,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Shape;

    fn arrivals(of_load: &[u32]) -> Vec<Arrivals> {
        let one = |n: &u32| {
            let mut all = [0; UNITS];
            all[0] = *n;
            all
        };
        of_load.iter().map(one).collect()
    }

    fn capacities(load: usize) -> Capacities {
        let mut c = Shape::Small.capacities();
        c.units[0] = load;
        c
    }

    #[test]
    fn a_burst_is_spread_over_the_segments_before_and_after_it() {
        let schedule = Schedule::new(&arrivals(&[0, 0, 0, 70, 0, 0, 0]), &capacities(50), 0);
        assert_eq!((schedule.segments, schedule.rows[0]), (7, 10));
        assert_eq!(schedule.rows[1..], [0; UNITS - 1]);
    }

    #[test]
    fn a_burst_at_the_end_needs_no_segment_of_its_own() {
        let schedule = Schedule::new(&arrivals(&[0, 0, 0, 0, 100]), &capacities(20), 0);
        assert_eq!((schedule.segments, schedule.rows[0]), (5, 20));
    }

    #[test]
    fn what_does_not_fit_makes_segments() {
        let schedule = Schedule::new(&arrivals(&[0, 0, 0, 0, 101]), &capacities(20), 0);
        assert_eq!((schedule.segments, schedule.rows[0]), (6, 17));
    }

    #[test]
    fn segments_that_are_there_anyway_are_used() {
        let schedule = Schedule::new(&arrivals(&[100]), &capacities(50), 10);
        assert_eq!((schedule.segments, schedule.rows[0]), (10, 10));
    }

    #[test]
    fn nothing_is_served_before_it_has_been_executed() {
        let mut late = vec![0; 4 * AHEAD];
        *late.last_mut().unwrap() = AHEAD as u32 + 1;
        let schedule = Schedule::new(&arrivals(&late), &capacities(50), 0);
        assert_eq!((schedule.segments, schedule.rows[0]), (4 * AHEAD, 1));
        *late.last_mut().unwrap() += 1;
        let schedule = Schedule::new(&arrivals(&late), &capacities(50), 0);
        assert_eq!((schedule.segments, schedule.rows[0]), (4 * AHEAD, 2));
    }

    #[test]
    fn only_so_much_waits() {
        let mut early = vec![0; 1000];
        early[0] = 2 * WAITING as u32;
        let full = WAITING as usize;
        let schedule = Schedule::new(&arrivals(&early), &capacities(full), 0);
        assert_eq!(schedule.rows[0], full);
    }
}
