//! The level of a blast radius, B0 to B4.

words! {
    /// How much one key can damage.
    pub enum Level { B0 = "B0", B1 = "B1", B2 = "B2", B3 = "B3", B4 = "B4" }
}

impl Level {
    /// The level of a number from 0 to 4; larger numbers are B4.
    #[must_use]
    pub fn of(number: u8) -> Self {
        match number {
            0 => Self::B0,
            1 => Self::B1,
            2 => Self::B2,
            3 => Self::B3,
            _ => Self::B4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_its_level_and_a_larger_one_the_highest() {
        let of: Vec<&str> = (0..=5).map(|number| Level::of(number).word()).collect();
        assert_eq!(of, ["B0", "B1", "B2", "B3", "B4", "B4"]);
    }
}
