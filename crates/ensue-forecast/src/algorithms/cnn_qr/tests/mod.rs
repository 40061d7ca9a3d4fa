use super::CnnQr;
impl crate::conformance::Conformance for CnnQr {
    const USES_RELATED: bool = true;
}
