//! Online Retail (2010-2011), last invoice out: an invoice is a session.

use std::collections::{HashMap, HashSet};

use ensue::core::{Event, InteractionsBuilder, OwnedHistory};

use super::{NextItemTask, read_rows};
use crate::report::Failure;

/// One line of an invoice, ids already dense.
#[derive(Clone, Copy)]
struct Line {
    customer: u32,
    invoice: u32,
    item: u32,
    time: i64,
}

/// The task and the counts that tell whether the protocol was followed.
pub(crate) struct OnlineRetail {
    pub(crate) task: NextItemTask,
    pub(crate) customers: usize,
    pub(crate) invoices: usize,
    pub(crate) items: usize,
    pub(crate) events: usize,
}

/// Text ids to numbers in order of appearance.
#[derive(Default)]
struct Ids(HashMap<String, u32>);

impl Ids {
    fn of(&mut self, text: &str) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(text.to_owned()).or_insert(next)
    }
}

/// Numbers 0, 1, .. for what is left, in ascending order of the old numbers.
fn renumber(lines: &mut [Line], field: impl Fn(&mut Line) -> &mut u32) -> usize {
    let mut left: Vec<u32> = lines.iter_mut().map(|line| *field(line)).collect();
    left.sort_unstable();
    left.dedup();
    for line in lines {
        let place = left.binary_search(field(line)).expect("collected from the same lines");
        *field(line) = place as u32;
    }
    left.len()
}

/// Lines of sold goods with a customer, each stock code once an invoice (the first time).
fn sold_lines() -> Result<Vec<Line>, Failure> {
    let (mut customers, mut invoices, mut items) = (Ids::default(), Ids::default(), Ids::default());
    let (mut lines, mut seen) = (Vec::new(), HashSet::new());
    read_rows("online-retail/online_retail_2010_2011.tsv.gz", true, |cells| {
        let &[invoice, stock_code, _, quantity, time, _, customer, _] = cells else { return None };
        let quantity: f64 = quantity.parse().ok()?;
        if customer.is_empty() || quantity <= 0.0 || invoice.starts_with('C') {
            return Some(());
        }
        let line = Line {
            customer: customers.of(customer),
            invoice: invoices.of(invoice),
            item: items.of(stock_code),
            time: time.parse().ok()?,
        };
        if seen.insert((line.invoice, line.item)) {
            lines.push(line);
        }
        Some(())
    })?;
    Ok(lines)
}

/// Keeps the lines whose group (an item, an invoice, a customer) counts at least `least`.
fn keep_frequent(
    lines: &mut Vec<Line>,
    least: usize,
    group: impl Fn(&Line) -> u32,
    counted: impl Fn(&Line) -> u32,
) {
    let mut members: HashMap<u32, HashSet<u32>> = HashMap::new();
    for line in lines.iter() {
        members.entry(group(line)).or_default().insert(counted(line));
    }
    lines.retain(|line| members[&group(line)].len() >= least);
}

pub(crate) fn load() -> Result<OnlineRetail, Failure> {
    let mut lines = sold_lines()?;
    // An item is at most once on an invoice, so lines of an item are invoices and lines of an invoice are items.
    keep_frequent(&mut lines, 10, |line| line.item, |line| line.invoice);
    keep_frequent(&mut lines, 2, |line| line.invoice, |line| line.item);
    keep_frequent(&mut lines, 3, |line| line.customer, |line| line.invoice);
    let customers = renumber(&mut lines, |line| &mut line.customer);
    let invoices = renumber(&mut lines, |line| &mut line.invoice);
    let items = renumber(&mut lines, |line| &mut line.item);
    lines.sort_by_key(|line| (line.customer, line.time));

    let event =
        |line: &Line| Event { session: Some(line.invoice), ..Event::new(line.item, line.time) };
    let mut events = InteractionsBuilder::new();
    let mut last_invoices = Vec::new();
    for lines in lines.chunk_by(|a, b| a.customer == b.customer) {
        let last = lines[lines.len() - 1].invoice;
        let (test, train): (Vec<Line>, Vec<Line>) =
            lines.iter().partition(|line| line.invoice == last);
        for line in &train {
            events.push(line.customer, event(line));
        }
        last_invoices.push(test);
    }
    let train = events.build(customers, items);
    let known = train.item_counts();
    let mut tests = Vec::new();
    for mut invoice in last_invoices {
        invoice.retain(|line| known[line.item as usize] > 0);
        if invoice.len() < 2 {
            continue;
        }
        let mut history: OwnedHistory = train.user(invoice[0].customer).to_owned();
        let from = history.len() + 1;
        for line in &invoice {
            history.push(event(line));
        }
        tests.push((history, from));
    }
    let events = lines.len();
    Ok(OnlineRetail { task: NextItemTask { train, tests }, customers, invoices, items, events })
}
