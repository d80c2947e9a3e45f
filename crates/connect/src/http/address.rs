//! Which addresses may be reached: public ones, and others only where an allowance names them.
//!
//! What is special is told by the IANA registries of RFC 6890 (IPv4 and IPv6 special-purpose addresses).

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that are allowed beyond public ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    allowed: Vec<IpNet>,
}

/// Whether an address may be reached, and by what right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A public address.
    Public,
    /// Named by an allowance.
    Allowed,
    /// Neither, and what it is.
    Refused(&'static str),
}

/// A text that is no address and no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address or network such as 10.1.2.3 or 10.1.0.0/16")]
pub struct NoNetwork(pub String);

impl AddressPolicy {
    /// Public addresses, and those of the given networks (`10.1.0.0/16`, `::1`).
    ///
    /// # Errors
    /// The text that is no network.
    pub fn allowing<'n>(networks: impl IntoIterator<Item = &'n str>) -> Result<Self, NoNetwork> {
        let allowed = networks
            .into_iter()
            .map(|text| {
                let whole = text.parse::<IpNet>().ok();
                let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
                whole
                    .or_else(single)
                    .ok_or_else(|| NoNetwork(text.to_owned()))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { allowed })
    }

    /// Whether an address may be reached. An address of a cloud's metadata service wants an allowance that names
    /// it alone: a wide network that happens to hold it is not enough.
    #[must_use]
    pub fn reach(&self, address: IpAddr) -> Reach {
        let address = plain(address);
        let named = |net: &&IpNet| net.contains(&address);
        if is_metadata(address) {
            let alone = |net: &&IpNet| net.prefix_len() == net.max_prefix_len();
            return match self.allowed.iter().filter(alone).find(named) {
                Some(_) => Reach::Allowed,
                None => Reach::Refused("an address of a metadata service"),
            };
        }
        if self.allowed.iter().any(|net| named(&net)) {
            return Reach::Allowed;
        }
        special(address).map_or(Reach::Public, Reach::Refused)
    }
}

/// An IPv4 address that is written as an IPv6 one is the IPv4 address (RFC 4291, 2.5.5.2).
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Where clouds answer their own machines with credentials: AWS, Azure, Google Cloud and others share the first;
/// then Alibaba Cloud, Oracle Cloud, Azure's wire server, AWS over IPv6.
fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => matches!(
            four.octets(),
            [169, 254, 169, 254]
                | [169, 254, 170, 2 | 23]
                | [100, 100, 100, 200]
                | [192, 0, 0, 192]
                | [168, 63, 129, 16]
        ),
        IpAddr::V6(six) => matches!(
            six.segments(),
            [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254 | 0x23]
        ),
    }
}

fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(four) => special_v4(four),
        IpAddr::V6(six) => special_v6(six),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    Some(match address.octets() {
        [0, ..] => "an address of this host",
        [127, ..] => "a loopback address",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "a private address",
        [100, 64..=127, ..] => "a shared address of a carrier",
        [169, 254, ..] => "a link-local address",
        [192, 0, 0, _]
        | [192, 0, 2, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..] => "a special-purpose address",
        [224..=239, ..] => "a multicast address",
        [240..=255, ..] => "a reserved address",
        _ => return None,
    })
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let inner = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        let four = Ipv4Addr::new(a, b, c, d);
        (is_metadata(IpAddr::V4(four)) || special_v4(four).is_some())
            .then_some("an address that leads to one that is not public")
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("a loopback address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Some("a private address"),
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) carry an IPv4 address.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => inner(high, low),
        // Nothing else below 2000::/3 is given to anybody; inside it, what is set aside.
        [0x2001, 0x0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0x0..=0xfff, ..] => {
            Some("a special-purpose address")
        }
        [0x2000..=0x3fff, ..] => None,
        _ => Some("a reserved address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(policy: &AddressPolicy, address: &str) -> Reach {
        policy.reach(address.parse().unwrap())
    }

    #[test]
    fn what_is_not_public_is_refused() {
        let policy = AddressPolicy::default();
        for address in [
            "0.0.0.0",
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.1.1",
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "fec0::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(
                matches!(reach(&policy, address), Reach::Refused(_)),
                "{address}"
            );
        }
        for address in [
            "1.1.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "169.253.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "64:ff9b::101:101",
            "2002:101:101::",
        ] {
            assert_eq!(reach(&policy, address), Reach::Public, "{address}");
        }
    }

    #[test]
    fn an_allowance_reaches_as_far_as_it_says() {
        let policy = AddressPolicy::allowing(["10.1.0.0/16", "::1", "169.254.0.0/16"]).unwrap();
        for (address, allowed) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("::1", true),
            ("127.0.0.1", false),
            ("169.254.1.1", true),
            ("169.254.169.254", false),
        ] {
            assert_eq!(
                reach(&policy, address) == Reach::Allowed,
                allowed,
                "{address}"
            );
        }
        let named = AddressPolicy::allowing(["169.254.169.254"]).unwrap();
        assert_eq!(reach(&named, "169.254.169.254"), Reach::Allowed);
        assert_eq!(reach(&named, "1.1.1.1"), Reach::Public);
        for text in ["", "localhost", "10.0.0.0/33", "10.0.0"] {
            assert!(AddressPolicy::allowing([text]).is_err(), "{text}");
        }
    }
}
