//! Values that many keys have in common, held once: reasons, changes, options, controls.
//!
//! A [`Shared`] value reads and is written as the value itself. Within [`brief`] it is written in full the
//! first time and as its number after that, and read back so.

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{
    any::{Any, TypeId},
    borrow::Cow,
    cell::RefCell,
    collections::HashMap,
    fmt,
    hash::{BuildHasher as _, Hash},
    marker::PhantomData,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

/// A value that several keys may hold together.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    /// A value that nobody else holds yet.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Clone> Shared<T> {
    /// The value, to be changed; the others keep theirs.
    pub fn to_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: JsonSchema> JsonSchema for Shared<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// What is already held, so that an equal value is not held twice. Each value is hashed once: the hash names the
/// shelf and the place on it.
#[derive(Debug)]
pub struct Pool<T> {
    hasher: DefaultHashBuilder,
    shelves: Vec<Mutex<HashTable<Shared<T>>>>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        const SHELVES: usize = 32;
        Self {
            hasher: DefaultHashBuilder::default(),
            shelves: (0..SHELVES).map(|_| Mutex::default()).collect(),
        }
    }
}

impl<T: Eq + Hash> Pool<T> {
    /// The one that is held already, or this one from now on.
    #[must_use]
    pub fn share(&self, value: Shared<T>) -> Shared<T> {
        let hash = self.hasher.hash_one(&value);
        let number = usize::try_from(hash >> 40).unwrap_or(0);
        let Some(shelf) = number
            .checked_rem(self.shelves.len())
            .and_then(|at| self.shelves.get(at))
        else {
            return value;
        };
        let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |held: &Shared<T>| *held == value;
        match shelf.entry(hash, same, |held| self.hasher.hash_one(held)) {
            Entry::Occupied(held) => held.get().clone(),
            Entry::Vacant(free) => free.insert(value.clone()).get().clone(),
        }
    }

    /// Makes this the one that is held already.
    pub fn share_in(&self, value: &mut Arc<T>) {
        *value = self.share(Shared(Arc::clone(value))).0;
    }

    /// A list of values, shared.
    #[must_use]
    pub fn hold(&self, values: Vec<T>) -> Vec<Shared<T>> {
        values
            .into_iter()
            .map(|value| self.share(Shared::new(value)))
            .collect()
    }

    /// Shares every value of a list.
    pub fn share_all(&self, values: &mut Vec<Shared<T>>) {
        for value in values.iter_mut() {
            *value = self.share(value.clone());
        }
        values.shrink_to_fit();
    }
}

/// What was written or read in full so far, by type.
#[derive(Default)]
struct Brief {
    /// The number of what stands at an address.
    numbers: HashMap<(TypeId, usize), u64>,
    counts: HashMap<TypeId, u64>,
    read: HashMap<TypeId, Box<dyn Any>>,
}

thread_local! {
    /// Serde hands no context on to the values; this is it, for the time of one call.
    static BRIEF: RefCell<Option<Brief>> = const { RefCell::new(None) };
}

/// Runs `work`, which writes or reads one document, with shared values standing in it once each.
pub fn brief<R>(work: impl FnOnce() -> R) -> R {
    struct Restore(Option<Brief>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let outer = self.0.take();
            BRIEF.with(|brief| *brief.borrow_mut() = outer);
        }
    }
    let _outer = Restore(BRIEF.with(|brief| brief.borrow_mut().replace(Brief::default())));
    work()
}

impl<T: Serialize + 'static> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = BRIEF.with(|brief| {
            let mut brief = brief.borrow_mut();
            let brief = brief.as_mut()?;
            let kind = TypeId::of::<T>();
            let address = Arc::as_ptr(&self.0).addr();
            if let Some(number) = brief.numbers.get(&(kind, address)) {
                return Some(*number);
            }
            let count = brief.counts.entry(kind).or_default();
            brief.numbers.insert((kind, address), *count);
            *count = count.saturating_add(1);
            None
        });
        match known {
            Some(number) => serializer.serialize_u64(number),
            None => self.0.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de> + 'static> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let within = BRIEF.with(|brief| brief.borrow().is_some());
        if !within {
            return T::deserialize(deserializer).map(Self::new);
        }
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + 'static> Visitor<'de> for Reader<T> {
    type Value = Shared<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, or the number of one that came before")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Shared<T>, E> {
        BRIEF
            .with(|brief| {
                let brief = brief.borrow();
                let read = brief.as_ref()?.read.get(&TypeId::of::<T>())?;
                let read = read.downcast_ref::<Vec<Shared<T>>>()?;
                read.get(usize::try_from(number).ok()?).cloned()
            })
            .ok_or_else(|| E::custom(format!("nothing with the number {number} came before")))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Shared<T>, A::Error> {
        let value = Shared::new(T::deserialize(MapAccessDeserializer::new(map))?);
        BRIEF.with(|brief| {
            let mut brief = brief.borrow_mut();
            let list = brief.as_mut().map(|brief| {
                brief
                    .read
                    .entry(TypeId::of::<T>())
                    .or_insert_with(|| Box::new(Vec::<Shared<T>>::new()))
            });
            if let Some(list) = list.and_then(|list| list.downcast_mut::<Vec<Shared<T>>>()) {
                list.push(value.clone());
            }
        });
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    struct Reason {
        text: String,
    }

    fn reason(text: &str) -> Shared<Reason> {
        Shared::new(Reason {
            text: text.to_owned(),
        })
    }

    fn pooled(texts: &[&str]) -> Vec<Shared<Reason>> {
        let pool = Pool::default();
        let mut all = texts.iter().map(|text| reason(text)).collect();
        pool.share_all(&mut all);
        all
    }

    #[test]
    fn a_pool_holds_equal_values_once() {
        let all = pooled(&["a", "b", "a"]);
        assert!(Arc::ptr_eq(&all[0].0, &all[2].0));
        assert!(!Arc::ptr_eq(&all[0].0, &all[1].0));
    }

    #[test]
    fn a_value_reads_as_itself_and_briefly_as_its_number() {
        let all = pooled(&["a", "b", "a", "b"]);
        let whole = serde_json::to_string(&all).unwrap();
        assert_eq!(whole.matches("text").count(), 4);
        let short = brief(|| serde_json::to_string(&all)).unwrap();
        assert_eq!(short, r#"[{"text":"a"},{"text":"b"},0,1]"#);
        let back: Vec<Shared<Reason>> = brief(|| serde_json::from_str(&short)).unwrap();
        assert_eq!(back, all);
        assert!(Arc::ptr_eq(&back[0].0, &back[2].0));
        let back: Vec<Shared<Reason>> = serde_json::from_str(&whole).unwrap();
        assert_eq!(back, all);
        // Each call begins anew, and outside of it numbers mean nothing.
        assert_eq!(brief(|| serde_json::to_string(&all)).unwrap(), short);
        assert!(serde_json::from_str::<Vec<Shared<Reason>>>(&short).is_err());
        let ahead = brief(|| serde_json::from_str::<Vec<Shared<Reason>>>("[0]"));
        assert!(ahead.is_err());
    }
}
