/// What is remembered of numbered things, each with a number one higher than the one before.
///
/// They lie at their numbers, modulo a length that is a power of two. So to find one is no search,
/// and to forget the oldest is no work: whoever counts knows which there still are.
#[derive(Debug)]
#[cfg_attr(
    feature = "shared",
    derive(Clone, serde::Serialize, serde::Deserialize)
)]
pub(crate) struct Ring<T> {
    slots: Vec<T>,
}

impl<T: Copy + Default> Ring<T> {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new() }
    }

    pub(crate) fn get(&self, number: u64) -> &T {
        &self.slots[self.at(number)]
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> &mut T {
        let at = self.at(number);
        &mut self.slots[at]
    }

    /// Adds the next one, and keeps those from `first` on.
    pub(crate) fn push(&mut self, first: u64, number: u64, new: T) {
        if number - first >= self.slots.len() as u64 {
            self.grow(first, number);
        }
        *self.get_mut(number) = new;
    }

    #[cold]
    fn grow(&mut self, first: u64, number: u64) {
        let len = (number - first + 1).next_power_of_two().max(2);
        let old = std::mem::replace(self, Self::new());
        self.slots.resize(len as usize, T::default());
        let kept = first.max(number.saturating_sub(old.slots.len() as u64));
        for number in kept..number {
            *self.get_mut(number) = *old.get(number);
        }
    }

    fn at(&self, number: u64) -> usize {
        number as usize & self.slots.len().wrapping_sub(1)
    }

    #[cfg(test)]
    pub(crate) fn heap(&self) -> usize {
        self.slots.capacity() * std::mem::size_of::<T>()
    }
}

#[cfg(test)]
mod tests;
