//! Keys and signatures in JSON: `scheme:hex`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{PublicKey, RsaKey, RsaSignature, Scheme, Signature};

fn written<S: Serializer>(scheme: Scheme, bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{}:{}", scheme.name(), hex::encode(bytes)))
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(Scheme, Vec<u8>), D::Error> {
    let text = <String as Deserialize>::deserialize(deserializer)?;
    let found =
        Scheme::ALL.into_iter().find_map(|scheme| Some((scheme, text.strip_prefix(scheme.name())?.strip_prefix(':')?)));
    let (scheme, digits) = found.ok_or_else(|| de::Error::custom("expected ed25519:<hex> or rsa:<hex>"))?;
    let bytes = hex::decode(digits).map_err(|error| de::Error::custom(format!("hex expected: {error}")))?;
    Ok((scheme, bytes))
}

fn sized<const N: usize, E: de::Error>(bytes: Vec<u8>) -> Result<[u8; N], E> {
    bytes.try_into().map_err(|bytes: Vec<u8>| E::custom(format!("{N} bytes of hex expected, not {}", bytes.len())))
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        written(self.scheme(), self.bytes(), serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match read(deserializer)? {
            (Scheme::Ed25519, bytes) => sized(bytes).map(Self::Ed25519),
            (Scheme::Rsa, bytes) => RsaKey::new(&bytes).map(Self::Rsa).map_err(de::Error::custom),
        }
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        written(self.scheme(), self.bytes(), serializer)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match read(deserializer)? {
            (Scheme::Ed25519, bytes) => sized(bytes).map(Self::Ed25519),
            (Scheme::Rsa, bytes) => RsaSignature::new(&bytes).map(Self::Rsa).map_err(de::Error::custom),
        }
    }
}
