//! Says what comes next: tables in, trained and measured recommenders and forecasts out.
//!
//! `ensue` turns a CSV or Parquet file of who did what when into a model that recommends, and one of what was counted
//! when into a model that forecasts, and tells how good they are. It offers what Amazon Personalize and Amazon Forecast
//! offered as services (the same recipes and algorithms, settings, rules and metrics) as a library that trains on the CPU
//! (`ndarray`) or on any GPU (`wgpu`), by a name given at run time.
//!
//! ```text
//! DatasetGroup -> Solution (recipe, settings) -> SolutionVersion (trained, measured) -> Campaign (answers)
//! ForecastGroup -> PredictorSettings (algorithm, horizon) -> Predictor (trained, measured) -> Forecast (answers)
//! ```
//!
//! # The tour
//! ## Data
//! A [`DatasetGroup`](prelude::DatasetGroup) is imported from files, or built from events in memory. A broken file is
//! refused with file, row, column, value and the rule it broke, and nothing that existed before is touched.
//!
//! ```
//! use ensue::prelude::*;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("walks.csv");
//! // A thousand steps of 125 people who walk around a ring of ten rooms.
//! let mut csv = String::from("USER_ID,ITEM_ID,TIMESTAMP\n");
//! for step in 0..1000 {
//!     csv += &format!("person {},room {},{}\n", step / 8, (step / 8 + step % 8) % 10, step);
//! }
//! std::fs::write(&path, csv)?;
//!
//! let request = ImportRequest::new(Source::new(&path));
//! let group = DatasetGroup::import(&request, &mut Run::new("ndarray"))?;
//! assert_eq!((group.users.len(), group.items.len()), (125, 10));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## Training and measuring
//! A [`Solution`](prelude::Solution) is a recipe with its settings. Training it holds data back, measures the recipe and
//! two baselines on that, and gives a [`SolutionVersion`](prelude::SolutionVersion), which lives in a directory.
//!
//! ```
//! use ensue::prelude::*;
//!
//! # let events: Vec<(String, String, i64)> = (0..1000)
//! #     .map(|step| (format!("person {}", step / 8), format!("room {}", (step / 8 + step % 8) % 10), step))
//! #     .collect();
//! # let events = events.iter().map(|(user, item, time)| (user.as_str(), item.as_str(), *time));
//! # let group = DatasetGroup::from_events(events, &ImportRules::default())?;
//! # let dir = tempfile::tempdir()?;
//! # let dir = dir.path().join("version");
//! let solution = Solution::new(AnyRecipe::by_name("markov")?); // "aws-hrnn" learns more than the last step
//! let version = solution.train(&group, &mut Run::new("ndarray").with_seed(Seed(1)))?;
//! println!("{}", version.evaluation());
//! assert!(version.metrics().mean_reciprocal_rank_at_25 > 0.99);
//!
//! version.save(&dir)?;
//! let version = SolutionVersion::load(&dir, "ndarray")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## Answering
//! A [`Campaign`](prelude::Campaign) serves a version to any number of threads. New events change a user's next answer at
//! once, without training; somebody unknown gets the popular items.
//!
//! ```
//! use ensue::prelude::*;
//!
//! # let events: Vec<(String, String, i64)> = (0..1000)
//! #     .map(|step| (format!("person {}", step / 8), format!("room {}", (step / 8 + step % 8) % 10), step))
//! #     .collect();
//! # let events = events.iter().map(|(user, item, time)| (user.as_str(), item.as_str(), *time));
//! # let group = DatasetGroup::from_events(events, &ImportRules::default())?;
//! # let version = Solution::new(AnyRecipe::by_name("markov")?).train(&group, &mut Run::new("ndarray"))?;
//! let campaign = Campaign::new(version);
//! let stranger = RecommendRequest::new("visitor").with_num_results(3);
//! assert!(!campaign.recommend(&stranger)?.known_user);
//!
//! campaign.put_event(&PutEvent::new("visitor", "room 4", 2000))?;
//! assert_eq!(campaign.recommend(&stranger)?.items[0].item_id, "room 5");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## Forecasting
//! A [`ForecastGroup`](prelude::ForecastGroup) is imported from files too: what is to be forecast, what is known beside it
//! at each step, such as prices, and what is known of each item. Its [`Panel`](prelude::Panel) holds series of one
//! frequency.
//!
//! ```
//! use ensue::prelude::*;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("sales.csv");
//! std::fs::write(&path, "timestamp,item_id,demand\n2019-01-01,tea,3\n2019-01-01,tea,1\n2019-01-03,tea,2\n")?;
//!
//! let columns = [
//!     ("timestamp", AttributeType::Timestamp),
//!     ("item_id", AttributeType::String),
//!     ("demand", AttributeType::Float),
//! ];
//! let target = ForecastSource::new(&path, ForecastSchema::new(columns));
//! let request = ForecastImport::new(Domain::Retail, Frequency::DAILY, target);
//! let group = ForecastGroup::import(&request, &mut Run::new("ndarray"))?;
//! assert_eq!(group.panel.series()[0].target(), [4.0, 0.0, 2.0]); // summed, and the gap is zero
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`PredictorSettings`](prelude::PredictorSettings) say which algorithm forecasts how many steps; training measures it
//! and two baselines on the end of the series, fits it to everything, and gives a [`Predictor`](prelude::Predictor), whose
//! [`Forecast`](prelude::Forecast) is asked by item.
//!
//! ```
//! use ensue::prelude::*;
//!
//! // Four years of monthly sales.
//! let sales = (0..48).map(|month| 100.0 + f64::from(month % 12)).collect();
//! let panel = Panel::new(Frequency::MONTHLY, vec![Series::new(["tea"], 0, sales)])?;
//!
//! // `DeepAr::default()` learns across series, from prices and metadata; this one repeats the last year.
//! let settings = PredictorSettings::new(SeasonalNaive::default(), 12);
//! let predictor = settings.train(&panel, &mut Run::new("ndarray").with_seed(Seed(1)))?;
//! println!("{}", predictor.backtest());
//!
//! let forecast = predictor.create_forecast(&panel, Seed(2))?;
//! let answer = forecast.query(&ForecastQuery::item("tea"))?;
//! assert_eq!(answer.forecast.predictions["p50"][0].value, 100.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where things are
//! | module | what it holds |
//! |---|---|
//! | [`prelude`] | what most programs use |
//! | [`recommend`] | recipes, solutions, campaigns |
//! | [`forecast`] | algorithms, predictors, backtests, forecasts |
//! | [`data`] | schemas, import, vocabularies; tables of time series in [`data::forecast`] |
//! | [`core`](mod@core) | interactions, series, metrics, splits, runs, seeds, artifacts |
//! | [`tune`] | hyperparameter search, useful alone |
//! | [`nn`] | devices, training loop, networks |
//!
//! # Features
//! `ndarray` (default): the CPU. `wgpu`: any GPU with Vulkan, Metal, DirectX 12 or WebGPU.
//!
//! # Promises
//! The same seed, data, device and thread count give the same bytes on `ndarray`, but under a time limit. A killed training resumes from its
//! checkpoint. Nothing a user can type panics.

mod auto;

pub use auto::Auto;
pub use ensue_core as core;
pub use ensue_data as data;
pub use ensue_forecast as forecast;
pub use ensue_nn as nn;
pub use ensue_recommend as recommend;
pub use ensue_tune as tune;

/// What most programs use: `use ensue::prelude::*;`.
///
/// Where both halves have a type of one name, that of the forecasts begins with `Forecast`: `ForecastSource` and
/// `ForecastSchema` are the [`Source`](crate::data::forecast::Source) and [`Schema`](crate::data::forecast::Schema) of
/// `ensue::data::forecast`, and `ForecastHpo` is [`Hpo`](crate::forecast::tune::Hpo) of `ensue::forecast::tune`. Errors of settings and fits, which come inside others, stay in `ensue::recommend` and
/// `ensue::forecast`.
pub mod prelude {
    #[doc(inline)]
    pub use crate::Auto;
    #[doc(inline)]
    pub use ensue_core::{
        AccuracyMetrics, Budget, CancelFlag, CheckpointPolicy, EvaluationMode, EvaluatorReport,
        Frequency, Panel, Progress, Quantile, RankingReport, Run, Seed, Series,
    };
    #[doc(inline)]
    pub use ensue_data::{
        DataError, DatasetGroup, FieldValue, FieldValues, ImportRequest, ImportRules, Schema,
        Source,
        forecast::{
            Aggregation, AttributeType, Domain, Era, Featurization, Filling, ForecastGroup,
            ForecastImport, Rules as ForecastRules, Schema as ForecastSchema,
            Source as ForecastSource,
        },
        write::TableFormat,
    };
    #[doc(inline)]
    pub use ensue_forecast::{
        Algorithm, AlgorithmEvaluation, AnyAlgorithm, Backtest, EvaluationParameters, ExplainError,
        ExplainSettings, Explainability, ExplainabilityLimits, Forecast, ForecastAnswer,
        ForecastError, ForecastQuery, ForecastType, Forecaster, Limits, Predictor, PredictorError,
        PredictorSettings, QueryError as ForecastQueryError, SeriesForecast, WhatIf,
        WhatIfAnalysis, WhatIfError, WhatIfForecast,
        algorithms::{
            arima::Arima,
            auto_predictor::{AutoPredictor, Combination, OptimizationMetric, Selection},
            cnn_qr::CnnQr,
            deepar::DeepAr,
            ets::Ets,
            intermittent::Intermittent,
            naive::Naive,
            npts::Npts,
            prophet::Prophet,
            seasonal_naive::{Intervals, SeasonalNaive},
            theta::Theta,
        },
        tune::Hpo as ForecastHpo,
    };
    #[doc(inline)]
    pub use ensue_nn::likelihood::Likelihood;
    #[doc(inline)]
    pub use ensue_recommend::{
        AnyRecipe, BatchError, BatchOptions, BatchReport, Campaign, CampaignConfig, CampaignError,
        Evaluation, EventOutcome, Hpo, PersonalizedRanking, Promotion, PutEvent, PutEvents,
        PutItem, PutUser, Ranges, RankRequest, Recipe, Recommend, RecommendRequest,
        Recommendations, RecommendedItem, SessionEvent, Solution, SolutionError, SolutionVersion,
        Tuning,
        recipes::{hrnn::Hrnn, markov::Markov, popularity_count::PopularityCount},
    };
}

/// The README's example has to compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
