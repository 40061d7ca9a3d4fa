//! Weekly sales of eleven orange juices in 83 stores, with prices, promotions and who lives around the stores.
//!
//! A series is a store and a brand. Week 40 is that of Monday 1990-06-11; the last is 160 for all of them, so that the last
//! window is the same weeks everywhere: the 33 series that end a little earlier have nothing observed there.

use std::collections::BTreeMap;

use ensue::core::{
    Panel,
    series::{Frequency, Series, StaticFeature},
};
use jiff::civil::date;

use super::{counted, read_separated};
use crate::report::Failure;

/// Weeks to forecast.
pub(crate) const HORIZON: usize = 8;

const FIRST_WEEK: usize = 40;
const LAST_WEEK: usize = 160;
/// Series with fewer observed weeks are left out; in this data there is none.
const LEAST_WEEKS: usize = 60;
const BRANDS: usize = 11;

/// What a row says of a week.
struct Week {
    units: f64,
    price: f32,
    deal: f32,
    feat: f32,
}

/// Weeks of each store and brand.
type Sales = BTreeMap<(u32, u32), BTreeMap<usize, Week>>;

/// The panel; with covariates it has the brand's own price, deal and feat over the horizon too, and the demographics of the
/// store as quartiles.
pub(crate) fn load(covariates: bool) -> Result<Panel, Failure> {
    let mut sales = sales()?;
    sales.retain(|_, weeks| weeks.len() >= LEAST_WEEKS);
    counted("series of orange-juice with 60 weeks", sales.len(), 913)?;
    let (features, quartiles) = demographics()?;
    let monday = Frequency::WEEKLY.step_of(date(1990, 6, 11).at(0, 0, 0, 0));
    let mut series = Vec::with_capacity(sales.len());
    for ((store, brand), weeks) in &sales {
        let first = *weeks.keys().next().expect("60 weeks at least");
        let mut target = Vec::new();
        let [mut price, mut deal, mut feat] = <[Vec<f32>; 3]>::default();
        for week in first..=LAST_WEEK {
            let row = weeks.get(&week);
            target.push(row.map_or(f64::NAN, |row| row.units));
            let before = price.last().copied().unwrap_or_default();
            price.push(row.map_or(before, |row| row.price));
            deal.push(row.map_or(0.0, |row| row.deal));
            feat.push(row.map_or(0.0, |row| row.feat));
        }
        // Prices and promotions are known a horizon ahead: by reaching beyond the last week they say so, and stay whole when
        // weeks are held back. What lies beyond is last week's price, and no promotion.
        let known = price.len() + HORIZON;
        let last = price.last().copied().unwrap_or_default();
        price.resize(known, last);
        deal.resize(known, 0.0);
        feat.resize(known, 0.0);
        let key = [store.to_string(), brand.to_string()];
        let one = Series::new(key, monday + (first - FIRST_WEEK) as i64, target);
        series.push(if covariates {
            let Some(codes) = quartiles.get(store) else {
                return Err(Failure::NotMeasured(format!("store {store} has no demographics")));
            };
            one.with_related(vec![price, deal, feat]).with_categories(codes.clone())
        } else {
            one
        });
    }
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let dimensions = names(&["item_id", "brand"]);
    let (related, features) = if covariates {
        (names(&["price", "deal", "feat"]), features)
    } else {
        (Vec::new(), Vec::new())
    };
    Ok(Panel::with(Frequency::WEEKLY, dimensions, related, features, Vec::new(), series)?)
}

/// `store,brand,week,logmove,constant,price1..price11,deal,feat,profit`.
fn sales() -> Result<Sales, Failure> {
    let mut sales = Sales::new();
    let mut rows = 0;
    read_separated("orange-juice/yx.csv.gz", ',', true, |cells| {
        rows += 1;
        let [store, brand, week] = *cells.first_chunk()?;
        let (store, brand): (u32, u32) = (store.parse().ok()?, brand.parse().ok()?);
        let week = week.parse().ok()?;
        let cell = |at: usize| cells.get(at)?.parse::<f64>().ok();
        if !(1..=BRANDS as u32).contains(&brand) || !(FIRST_WEEK..=LAST_WEEK).contains(&week) {
            return None;
        }
        let row = Week {
            units: cell(3)?.exp(),
            price: cell(4 + brand as usize)? as f32,
            deal: cell(5 + BRANDS)? as f32,
            feat: cell(6 + BRANDS)? as f32,
        };
        // A store's brand has each week once.
        sales.entry((store, brand)).or_default().insert(week, row).is_none().then_some(())
    })?;
    counted("rows of orange-juice", rows, 106_139)?;
    counted("series of orange-juice", sales.len(), 83 * BRANDS)?;
    Ok(sales)
}

/// Codes of each store.
type Codes = BTreeMap<u32, Vec<u32>>;

/// The demographics of each store as codes of quartiles: `q1` for the lowest.
fn demographics() -> Result<(Vec<StaticFeature>, Codes), Failure> {
    let mut names: Vec<String> = Vec::new();
    let mut stores: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    read_separated("orange-juice/storedemo.csv.gz", ',', false, |cells| {
        let (&store, numbers) = cells.split_first()?;
        if names.is_empty() {
            names = numbers.iter().map(|&name| name.to_owned()).collect();
            return Some(());
        }
        let numbers: Option<Vec<f64>> = numbers.iter().map(|cell| cell.parse().ok()).collect();
        let numbers = numbers.filter(|numbers| numbers.len() == names.len())?;
        stores.insert(store.parse().ok()?, numbers).is_none().then_some(())
    })?;
    counted("stores of orange-juice", stores.len(), 83)?;
    counted("demographics of orange-juice", names.len(), 11)?;
    let cuts: Vec<[f64; 3]> = (0..names.len())
        .map(|at| quartiles(stores.values().map(|row| row[at]).collect()))
        .collect();
    let code =
        |(value, cuts): (&f64, &[f64; 3])| cuts.iter().filter(|&cut| value > cut).count() as u32;
    let codes = stores
        .into_iter()
        .map(|(store, row)| (store, row.iter().zip(&cuts).map(code).collect()))
        .collect();
    let categories: Vec<String> = (1..=4).map(|quarter| format!("q{quarter}")).collect();
    let feature = |name| StaticFeature { name, categories: categories.clone() };
    Ok((names.into_iter().map(feature).collect(), codes))
}

/// The three quartiles, between two values by linear interpolation.
fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [0.25, 0.5, 0.75].map(|level| {
        let place = level * (values.len() - 1) as f64;
        let below = place as usize;
        let above = (below + 1).min(values.len() - 1);
        values[below] + (values[above] - values[below]) * place.fract()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_values() {
        // Oracle: numpy.quantile([1, 2, 3, 4], [.25, .5, .75]).
        assert_eq!(quartiles(vec![4.0, 1.0, 3.0, 2.0]), [1.75, 2.5, 3.25]);
    }
}
