//! RSA private keys as PKCS#8 (RFC 5958) in DER: read strictly, so that a key has one encoding, and used in the open.

use super::rsa::{Number, RSA_EXPONENT, RsaError, RsaKey, RsaSignature, encoded, number, power, rest};

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
/// `rsaEncryption`, whose parameters are null (RFC 8017, appendix A.1).
const ALGORITHM: [u8; 13] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// Signs with an RSA private key that it holds.
pub trait RsaSigner: Send + Sync {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2.1).
    fn sign(&self, message: &[u8]) -> RsaSignature;
}

/// The numbers of a private key that belong together (RFC 8017, appendix A.1.2).
pub(super) struct Parts<'a> {
    pub(super) public: RsaKey,
    primes: [&'a [u8]; 2],
    /// Inverse of 65537 modulo each prime less one.
    exponents: [&'a [u8]; 2],
    /// Inverse of the second prime modulo the first.
    coefficient: &'a [u8],
}

/// A key that everybody may know, in DER.
pub(super) struct Published(pub(super) Box<[u8]>);

impl<'a> Parts<'a> {
    /// Reads and checks a key; that the primes are some, it believes.
    pub(super) fn read(pkcs8: &'a [u8]) -> Result<Self, RsaError> {
        let [version, modulus, public, secret, p, q, dp, dq, coefficient] =
            integers(pkcs8).ok_or(RsaError::Encoding)?;
        if !version.is_empty() {
            return Err(RsaError::Encoding);
        }
        let key = RsaKey::new(modulus)?;
        if public != RSA_EXPONENT {
            return Err(RsaError::Exponent);
        }
        let number = |bytes| Number::try_from_be_slice(bytes).ok_or(RsaError::Encoding);
        let [first, second] = [number(p)?, number(q)?];
        if first.checked_mul(second) != Some(number(modulus)?) || first == Number::ONE || second == Number::ONE {
            return Err(RsaError::Mismatch("primes"));
        }
        let one_of = |factor: Number, other: Number, modulus: Number| factor.mul_mod(other, modulus) == Number::ONE;
        let public = number(public)?;
        for (prime, exponent, what) in [(first, dp, "first exponent"), (second, dq, "second exponent")] {
            let less = prime - Number::ONE;
            let [exponent, secret] = [number(exponent)?, number(secret)?];
            if exponent >= less || !one_of(public, exponent, less) {
                return Err(RsaError::Mismatch(what));
            }
            if !one_of(public, secret, less) {
                return Err(RsaError::Mismatch("private exponent"));
            }
        }
        let inverse = number(coefficient)?;
        if inverse >= first || !one_of(inverse, second, first) {
            return Err(RsaError::Mismatch("coefficient"));
        }
        Ok(Self { public: key, primes: [p, q], exponents: [dp, dq], coefficient })
    }

    /// The root of a number below the modulus, by Chinese remainders (RFC 8017, section 5.1.2).
    fn root(&self, of: &[u8]) -> Vec<u8> {
        let [first, second] = [0, 1].map(|at| {
            let (prime, exponent) = (self.primes[at], self.exponents[at]);
            let rest = rest(number(of), number(prime)).to_be_bytes_vec();
            number(&power(&rest[rest.len() - prime.len()..], exponent, prime))
        });
        let [p, q] = self.primes.map(number);
        let difference = first + (p - rest(second, p));
        let root = second + q * difference.mul_mod(number(self.coefficient), p);
        let bytes = root.to_be_bytes_vec();
        bytes[bytes.len() - of.len()..].to_vec()
    }
}

impl RsaSigner for Published {
    fn sign(&self, message: &[u8]) -> RsaSignature {
        let parts = Parts::read(&self.0).expect("read before");
        let root = parts.root(&encoded(message, parts.public.modulus().len()));
        RsaSignature::new(&root).expect("as long as the modulus")
    }
}

/// The nine integers of a key with two primes, big-endian, without leading zeros.
fn integers(pkcs8: &[u8]) -> Option<[&[u8]; 9]> {
    let mut outer = only(pkcs8, SEQUENCE)?;
    let (version, algorithm) = (integer(&mut outer)?, element(&mut outer, SEQUENCE)?);
    if !version.is_empty() || algorithm != ALGORITHM {
        return None;
    }
    let mut key = only(only(outer, OCTETS)?, SEQUENCE)?;
    let mut read = [&key[..0]; 9];
    for place in &mut read {
        *place = integer(&mut key)?;
    }
    key.is_empty().then_some(read)
}

/// The contents of the one element that these bytes are.
fn only(mut bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let contents = element(&mut bytes, tag)?;
    bytes.is_empty().then_some(contents)
}

/// The contents of the next element, whose length is written as short as it can be (X.690, section 10.1).
fn element<'a>(bytes: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (found, rest) = bytes.split_first()?;
    let (length, rest) = match rest {
        [0x82, high, low, rest @ ..] if *high > 0 => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        [0x81, long, rest @ ..] if *long >= 0x80 => (usize::from(*long), rest),
        [short, rest @ ..] if *short < 0x80 => (usize::from(*short), rest),
        _ => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    (*found == tag).then_some(contents)
}

/// The next integer, which is not negative, without leading zeros.
fn integer<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    match element(bytes, INTEGER)? {
        [0] => Some(&[]),
        [0, number @ ..] if number[0] >= 0x80 => Some(number),
        number @ [1..=0x7f, ..] => Some(number),
        _ => None,
    }
}
