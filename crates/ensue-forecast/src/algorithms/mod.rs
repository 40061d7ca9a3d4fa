//! One folder for each algorithm, and the registry that knows them all.
//!
//! A new algorithm is a folder here, its `pub mod` line and one line of `registry!` below: that line
//! gives the variant of [`AnyAlgorithm`], the name in settings files and on the command line, loading by
//! that name, and the conformance suite.

pub mod arima;
pub mod auto_predictor;
pub mod cnn_qr;
pub mod deepar;
pub mod ets;
mod global;
pub mod intermittent;
pub mod local;
pub mod naive;
pub mod npts;
pub mod prophet;
pub mod seasonal_naive;
pub mod theta;

use ensue_core::{Run, artifact::ArtifactReader};
use serde::{Deserialize, Serialize};

use crate::{Algorithm, FitError, Forecaster, LoadError, SettingsError, TrainingData};

/// Generates [`AnyAlgorithm`] and the conformance tests from one line an algorithm: `module: Settings =
/// "name"`.
macro_rules! registry {
    ($($(#[$about:meta])* $module:ident: $algorithm:ident = $name:literal),+ $(,)?) => {
        /// The settings of any algorithm; in JSON the field `algorithm` names it.
        ///
        /// ```
        /// use ensue_forecast::AnyAlgorithm;
        /// let algorithm: AnyAlgorithm = serde_json::from_str(r#"{"algorithm": "SeasonalNaive", "season": 7}"#)?;
        /// assert_eq!(algorithm.name(), "SeasonalNaive");
        /// # Ok::<(), serde_json::Error>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "algorithm")]
        pub enum AnyAlgorithm {
            $($(#[$about])* #[serde(rename = $name)] $algorithm($module::$algorithm),)+
        }

        impl AnyAlgorithm {
            /// Names of all algorithms.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The algorithm called `name`, with default settings.
            ///
            /// # Errors
            /// [`SettingsError::UnknownAlgorithm`] lists the names there are.
            pub fn by_name(name: &str) -> Result<Self, SettingsError> {
                match name {
                    $($name => Ok(Self::$algorithm(Default::default())),)+
                    _ => Err(SettingsError::UnknownAlgorithm {
                        name: name.to_owned(),
                        known: Self::NAMES.join(", "),
                    }),
                }
            }

            /// Name of the algorithm.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$algorithm(_) => $name,)+ }
            }

            /// As [`Algorithm::check`].
            ///
            /// # Errors
            /// As [`Algorithm::check`].
            pub fn check(&self) -> Result<(), SettingsError> {
                match self { $(Self::$algorithm(settings) => settings.check(),)+ }
            }

            /// As [`Algorithm::fit`].
            ///
            /// # Errors
            /// As [`Algorithm::fit`].
            pub fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Box<dyn Forecaster>, FitError> {
                match self { $(Self::$algorithm(settings) => Ok(Box::new(settings.fit(data, run)?)),)+ }
            }

            /// As [`Algorithm::load`].
            ///
            /// # Errors
            /// As [`Algorithm::load`].
            pub fn load(&self, reader: &ArtifactReader, device: &str) -> Result<Box<dyn Forecaster>, LoadError> {
                match self { $(Self::$algorithm(settings) => Ok(Box::new(settings.load(reader, device)?)),)+ }
            }
        }

        $(
            impl From<$module::$algorithm> for AnyAlgorithm {
                fn from(settings: $module::$algorithm) -> Self {
                    Self::$algorithm(settings)
                }
            }
        )+

        #[cfg(test)]
        mod registry_tests {
            $(mod $module {
                crate::conformance::conformance_suite!(crate::algorithms::$module::$algorithm, $name);
            })+
        }
    };
}

registry! {
    /// Algorithms compete, the best forecast together.
    auto_predictor: AutoPredictor = "AutoPredictor",
    /// One convolutional network for all series, which forecasts quantiles directly.
    cnn_qr: CnnQr = "CNN-QR",
    /// A few of a series' last values and errors, an order for each series.
    arima: Arima = "ARIMA",
    /// One recurrent network for all series, which forecasts distributions.
    deepar: DeepAr = "Deep_AR_Plus",
    /// Exponential smoothing, its form chosen for each series.
    ets: Ets = "ETS",
    /// Demand that mostly is 0.
    intermittent: Intermittent = "Intermittent",
    /// The last observed value.
    naive: Naive = "Naive",
    /// Past values, drawn by weight.
    npts: Npts = "NPTS",
    /// A trend with changepoints, seasons and related series.
    prophet: Prophet = "Prophet",
    /// The last observed season.
    seasonal_naive: SeasonalNaive = "SeasonalNaive",
    /// A smoothed level and a share of the long-run line.
    theta: Theta = "Theta",
}
