//! RSA signatures by RFC 8017: RSASSA-PKCS1-v1_5 with SHA-256, public exponent 65537, 2048 to 4096 bits in whole bytes.
//!
//! The exponent is no part of a key here, so no key can have another. To verify is to make the one encoding that a signature may stand for and to compare
//! all of it (section 8.2.2): nothing of what a signature says is parsed. What is signed is a tagged hash, which this scheme hashes once more.
//! All of this is done with public numbers: how long it takes tells nobody anything.

use std::{io, sync::Arc};

use borsh::{BorshDeserialize, BorshSerialize};
use ruint::Uint;
use sha2::{Digest, Sha256};

/// Room for every modulus.
pub(super) type Number = Uint<4_096, 64>;

/// Bits that a modulus may have, in whole bytes.
pub const RSA_BITS: (usize, usize) = (2_048, 4_096);
/// The public exponent of all keys, big-endian.
pub const RSA_EXPONENT: [u8; 3] = [1, 0, 1];
/// `DigestInfo` of SHA-256 without the digest (RFC 8017, section 9.2, note 1).
const DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// A public key: its modulus, big-endian. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RsaKey(Arc<[u8]>);

/// A signature: a number below the modulus, big-endian, as long as that. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RsaSignature(Arc<[u8]>);

/// Why bytes are no RSA key or signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RsaError {
    /// The modulus is too short, too long, or does not fill its bytes.
    #[error("a modulus of {0} bits; allowed are {min} to {max}, in whole bytes", min = RSA_BITS.0, max = RSA_BITS.1)]
    Bits(usize),
    /// The modulus has the factor 2.
    #[error("the modulus is even")]
    Even,
    /// The public exponent is another.
    #[error("the public exponent is not 65537")]
    Exponent,
    /// The signature is shorter or longer than any modulus.
    #[error("a signature of {0} bytes; it has as many as the modulus")]
    Length(usize),
    /// Not a private key in DER.
    #[error("not the DER of a PKCS#8 RSA key with two primes")]
    Encoding,
    /// The numbers of a private key do not belong together.
    #[error("the {0} does not fit the other numbers of the key")]
    Mismatch(&'static str),
}

impl RsaKey {
    /// A key from its modulus, big-endian.
    ///
    /// # Errors
    /// [`RsaError::Bits`] or [`RsaError::Even`].
    pub fn new(modulus: &[u8]) -> Result<Self, RsaError> {
        let unused = modulus.first().map_or(0, |first| first.leading_zeros() as usize);
        let bits = modulus.len() * 8 - unused;
        if unused > 0 || !(RSA_BITS.0..=RSA_BITS.1).contains(&bits) {
            return Err(RsaError::Bits(bits));
        }
        if modulus.last().is_none_or(|last| last % 2 == 0) {
            return Err(RsaError::Even);
        }
        Ok(Self(modulus.into()))
    }

    /// The modulus, big-endian, without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        &self.0
    }

    /// Whether `signature` over `message` is valid.
    pub fn verify(&self, message: &[u8], signature: &RsaSignature) -> bool {
        let (modulus, signature) = (&*self.0, &*signature.0);
        // Numbers of one length compare as their bytes do.
        signature.len() == modulus.len()
            && signature < modulus
            && power(signature, &RSA_EXPONENT, modulus) == encoded(message, modulus.len())
    }
}

impl RsaSignature {
    /// A signature of as many bytes as some modulus has. Whether it is below that, verifying tells.
    ///
    /// # Errors
    /// [`RsaError::Length`].
    pub fn new(bytes: &[u8]) -> Result<Self, RsaError> {
        let (min, max) = (RSA_BITS.0 / 8, RSA_BITS.1 / 8);
        if (min..=max).contains(&bytes.len()) { Ok(Self(bytes.into())) } else { Err(RsaError::Length(bytes.len())) }
    }

    /// The number, big-endian.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017, section 9.2): what a signature over `message` is the root of.
pub(super) fn encoded(message: &[u8], length: usize) -> Vec<u8> {
    let digest = Sha256::digest(message);
    let padding = length - 3 - DIGEST_INFO.len() - digest.len();
    [&[0, 1], &*vec![0xff; padding], &[0], &DIGEST_INFO, &digest].concat()
}

/// `base` to `exponent` modulo `modulus`, as long as that. The modulus is odd and above 1, the base below it, both at most 512 bytes long, all big-endian;
/// the exponent is not 0. Takes as long as the numbers want.
pub(super) fn power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let (length, number) = (modulus.len().div_ceil(8), number(modulus));
    let limbs = |number: Number| number.as_limbs()[..length].to_vec();
    let ring = Ring { modulus: limbs(number), inverse: inverse(number.as_limbs()[0]).wrapping_neg() };
    // 2^(64 length) modulo the modulus, which never divides it.
    let radix = rest(Number::MAX >> (4_096 - 64 * length), number) + Number::ONE;
    let base = limbs(self::number(base).mul_mod(radix, number));
    let bits = exponent.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1 == 1));
    let power = bits.skip_while(|bit| !bit).skip(1).fold(base.clone(), |power, bit| {
        let squared = ring.product(&power, &power);
        if bit { ring.product(&squared, &base) } else { squared }
    });
    let power = ring.product(&power, &limbs(Number::ONE));
    let bytes: Vec<u8> = power.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
    bytes[bytes.len() - modulus.len()..].to_vec()
}

/// What is left of a number after a division. With the division that products need anyway, which is large.
pub(super) fn rest(of: Number, modulus: Number) -> Number {
    of.mul_mod(Number::ONE, modulus)
}

/// A number of at most 512 bytes.
pub(super) fn number(bytes: &[u8]) -> Number {
    Number::try_from_be_slice(bytes).expect("no longer than the longest modulus")
}

/// Numbers modulo another one, in limbs, the lowest first. Of one size for all, code stays small in a browser.
struct Ring {
    modulus: Vec<u64>,
    /// Of the modulus negated, modulo 2^64.
    inverse: u64,
}

impl Ring {
    /// Montgomery's product, of two numbers below the modulus: divided by 2^64 for each limb (Koç, Acar and Kaliski 1996, CIOS).
    fn product(&self, a: &[u64], b: &[u64]) -> Vec<u64> {
        let length = self.modulus.len();
        let mut sum = vec![0; length + 2];
        for limb in b {
            add_product(&mut sum, a, *limb);
            let quotient = sum[0].wrapping_mul(self.inverse);
            add_product(&mut sum, &self.modulus, quotient);
            // The lowest limb is 0 now.
            sum.rotate_left(1);
        }
        let (low, high) = sum.split_at(length);
        if high[0] > 0 || low.iter().rev().ge(self.modulus.iter().rev()) {
            let mut borrow = false;
            for (limb, less) in sum.iter_mut().zip(&self.modulus) {
                let (rest, first) = limb.overflowing_sub(*less);
                let (rest, second) = rest.overflowing_sub(u64::from(borrow));
                (*limb, borrow) = (rest, first | second);
            }
        }
        sum.truncate(length);
        sum
    }
}

/// Adds `a` times `limb` to a sum that has room for it.
fn add_product(sum: &mut [u64], a: &[u64], limb: u64) {
    let factors = a.iter().map(|a| u128::from(*a) * u128::from(limb)).chain([0, 0]);
    let mut carry = 0;
    for (place, product) in sum.iter_mut().zip(factors) {
        let added = product + u128::from(*place) + u128::from(carry);
        (*place, carry) = (added as u64, (added >> 64) as u64);
    }
}

/// Of an odd number modulo 2^64, by Newton's steps: each doubles the three bits that are right at first.
fn inverse(odd: u64) -> u64 {
    (0..5).fold(odd, |inverse, _| inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse))))
}

/// Two bytes of length, then the number.
fn write<W: io::Write>(bytes: &[u8], writer: &mut W) -> io::Result<()> {
    let length = u16::try_from(bytes.len()).expect("at most 512");
    length.serialize(writer)?;
    writer.write_all(bytes)
}

/// Reads no more than the longest key.
fn read<R: io::Read>(reader: &mut R) -> io::Result<Vec<u8>> {
    let length = usize::from(u16::deserialize_reader(reader)?);
    if length > RSA_BITS.1 / 8 {
        return Err(invalid(RsaError::Length(length)));
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn invalid(error: RsaError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl BorshSerialize for RsaKey {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        write(&self.0, writer)
    }
}

impl BorshDeserialize for RsaKey {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Self::new(&read(reader)?).map_err(invalid)
    }
}

impl BorshSerialize for RsaSignature {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        write(&self.0, writer)
    }
}

impl BorshDeserialize for RsaSignature {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Self::new(&read(reader)?).map_err(invalid)
    }
}
