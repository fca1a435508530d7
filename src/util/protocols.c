// SPDX-License-Identifier: GPL-2.0-only
#include "util/protocols.h"

#include <ctype.h>
#include <string.h>

/*
 * The keywords of IANA's "Assigned Internet Protocol Numbers" in lower case, or the name that
 * /etc/protocols has long used instead. Numbers without a keyword have no name.
 */
static const char *const ip_names[256] = {
	[0] = "hopopt",
	[1] = "icmp",
	[2] = "igmp",
	[3] = "ggp",
	[4] = "ipencap",
	[5] = "st",
	[6] = "tcp",
	[7] = "cbt",
	[8] = "egp",
	[9] = "igp",
	[10] = "bbn-rcc-mon",
	[11] = "nvp-ii",
	[12] = "pup",
	[13] = "argus",
	[14] = "emcon",
	[15] = "xnet",
	[16] = "chaos",
	[17] = "udp",
	[18] = "mux",
	[19] = "dcn-meas",
	[20] = "hmp",
	[21] = "prm",
	[22] = "xns-idp",
	[23] = "trunk-1",
	[24] = "trunk-2",
	[25] = "leaf-1",
	[26] = "leaf-2",
	[27] = "rdp",
	[28] = "irtp",
	[29] = "iso-tp4",
	[30] = "netblt",
	[31] = "mfe-nsp",
	[32] = "merit-inp",
	[33] = "dccp",
	[34] = "3pc",
	[35] = "idpr",
	[36] = "xtp",
	[37] = "ddp",
	[38] = "idpr-cmtp",
	[39] = "tp++",
	[40] = "il",
	[41] = "ipv6-in-ip",
	[42] = "sdrp",
	[43] = "ipv6-route",
	[44] = "ipv6-frag",
	[45] = "idrp",
	[46] = "rsvp",
	[47] = "gre",
	[48] = "dsr",
	[49] = "bna",
	[50] = "esp",
	[51] = "ah",
	[52] = "i-nlsp",
	[53] = "swipe",
	[54] = "narp",
	[55] = "min-ipv4",
	[56] = "tlsp",
	[57] = "skip",
	[58] = "ipv6-icmp",
	[59] = "ipv6-nonxt",
	[60] = "ipv6-opts",
	[62] = "cftp",
	[64] = "sat-expak",
	[65] = "kryptolan",
	[66] = "rvd",
	[67] = "ippc",
	[69] = "sat-mon",
	[70] = "visa",
	[71] = "ipcv",
	[72] = "cpnx",
	[73] = "cphb",
	[74] = "wsn",
	[75] = "pvp",
	[76] = "br-sat-mon",
	[77] = "sun-nd",
	[78] = "wb-mon",
	[79] = "wb-expak",
	[80] = "iso-ip",
	[81] = "vmtp",
	[82] = "secure-vmtp",
	[83] = "vines",
	[84] = "iptm",
	[85] = "nsfnet-igp",
	[86] = "dgp",
	[87] = "tcf",
	[88] = "eigrp",
	[89] = "ospf",
	[90] = "sprite-rpc",
	[91] = "larp",
	[92] = "mtp",
	[93] = "ax.25",
	[94] = "ipip",
	[95] = "micp",
	[96] = "scc-sp",
	[97] = "etherip",
	[98] = "encap",
	[100] = "gmtp",
	[101] = "ifmp",
	[102] = "pnni",
	[103] = "pim",
	[104] = "aris",
	[105] = "scps",
	[106] = "qnx",
	[107] = "a/n",
	[108] = "ipcomp",
	[109] = "snp",
	[110] = "compaq-peer",
	[111] = "ipx-in-ip",
	[112] = "vrrp",
	[113] = "pgm",
	[115] = "l2tp",
	[116] = "ddx",
	[117] = "iatp",
	[118] = "stp",
	[119] = "srp",
	[120] = "uti",
	[121] = "smp",
	[122] = "sm",
	[123] = "ptp",
	[124] = "isis",
	[125] = "fire",
	[126] = "crtp",
	[127] = "crudp",
	[128] = "sscopmce",
	[129] = "iplt",
	[130] = "sps",
	[131] = "pipe",
	[132] = "sctp",
	[133] = "fc",
	[134] = "rsvp-e2e-ignore",
	[135] = "mobility-header",
	[136] = "udplite",
	[137] = "mpls-in-ip",
	[138] = "manet",
	[139] = "hip",
	[140] = "shim6",
	[141] = "wesp",
	[142] = "rohc",
	[143] = "ethernet",
	[144] = "aggfrag",
	[145] = "nsh",
	[146] = "homa",
	[147] = "bit-emu",
	[255] = "raw",
};

/* Other common names. */
static const struct {
	const char *name;
	uint8_t number;
} ip_aliases[] = {
	{ "ipv4-in-ip", 4 },	   { "icmpv6", 58 },	{ "icmp6", 58 },    { "ospfigp", 89 },
	{ "isis-over-ipv4", 124 }, { "udp-lite", 136 }, { "ipsec-ah", 51 }, { "ipsec-esp", 50 },
	{ "ip-encap", 4 },	   { "rspf", 73 },
};

/*
 * EtherTypes of the IEEE registry and of linux/if_ether.h, sorted by number. The first name of a
 * number is shown. Numbers below 0x600 are not EtherTypes: Linux assigns them to frames that have
 * no EtherType or were never on a wire.
 */
static const struct {
	uint16_t number;
	const char *name;
} ethertypes[] = {
	{ 0x0001, "802.3" },
	{ 0x0002, "ax25" },
	{ 0x0003, "all" },
	{ 0x0004, "802.2" },
	{ 0x0005, "snap" },
	{ 0x0006, "ddcmp" },
	{ 0x0007, "wan-ppp" },
	{ 0x0008, "ppp-mp" },
	{ 0x0009, "localtalk" },
	{ 0x000c, "can" },
	{ 0x000d, "canfd" },
	{ 0x000e, "canxl" },
	{ 0x0010, "ppptalk" },
	{ 0x0011, "tr-802.2" },
	{ 0x0015, "mobitex" },
	{ 0x0016, "control" },
	{ 0x0017, "irda" },
	{ 0x0018, "econet" },
	{ 0x0019, "hdlc" },
	{ 0x001a, "arcnet" },
	{ 0x001b, "dsa" },
	{ 0x001c, "trailer" },
	{ 0x0060, "loop" },
	{ 0x00f5, "phonet" },
	{ 0x00f6, "802.15.4" },
	{ 0x00f7, "caif" },
	{ 0x00f8, "xdsa" },
	{ 0x00f9, "map" },
	{ 0x00fa, "mctp" },
	{ 0x0200, "pup" },
	{ 0x0201, "pupat" },
	{ 0x0600, "xns" },
	{ 0x0800, "ipv4" },
	{ 0x0800, "ip" },
	{ 0x0800, "ip4" },
	{ 0x0805, "x25" },
	{ 0x0806, "arp" },
	{ 0x0806, "ether-arp" },
	{ 0x0808, "fr-arp" },
	{ 0x0842, "wol" },
	{ 0x08ff, "bpq" },
	{ 0x0a00, "ieeepup" },
	{ 0x0a01, "ieeepupat" },
	{ 0x0bad, "vines" },
	{ 0x22ea, "srp-802.1q" },
	{ 0x22eb, "avbtp" },
	{ 0x22f0, "tsn" },
	{ 0x22f3, "trill" },
	{ 0x22f4, "l2-isis" },
	{ 0x22f4, "l2-is-is" },
	{ 0x4305, "batman" },
	{ 0x6000, "dec" },
	{ 0x6001, "dna-dl" },
	{ 0x6002, "dna-rc" },
	{ 0x6003, "dna-rt" },
	{ 0x6004, "lat" },
	{ 0x6005, "dec-diag" },
	{ 0x6006, "dec-cust" },
	{ 0x6007, "sca" },
	{ 0x6558, "teb" },
	{ 0x6559, "raw-frame-relay" },
	{ 0x6559, "raw-fr" },
	{ 0x8035, "rarp" },
	{ 0x809b, "appletalk" },
	{ 0x809b, "atalk" },
	{ 0x80f3, "aarp" },
	{ 0x8100, "802.1q" },
	{ 0x8100, "vlan" },
	{ 0x8100, "802-1q" },
	{ 0x8100, "8021q" },
	{ 0x8100, "1q" },
	{ 0x8100, "dot1q" },
	{ 0x8137, "ipx" },
	{ 0x814c, "snmp" },
	{ 0x8191, "netbeui" },
	{ 0x86dd, "ipv6" },
	{ 0x86dd, "ip6" },
	{ 0x8808, "pause" },
	{ 0x8809, "slow" },
	{ 0x8809, "lacp" },
	{ 0x880b, "ppp" },
	{ 0x883e, "wccp" },
	{ 0x8847, "mpls" },
	{ 0x8848, "mpls-mc" },
	{ 0x8848, "mpls-multi" },
	{ 0x884c, "mpoa" },
	{ 0x884c, "atmmpoa" },
	{ 0x8863, "pppoe-disc" },
	{ 0x8863, "ppp-disc" },
	{ 0x8864, "pppoe-ses" },
	{ 0x8864, "ppp-ses" },
	{ 0x886c, "link-ctl" },
	{ 0x8870, "jumbo" },
	{ 0x8884, "atm-fate" },
	{ 0x8884, "atmfate" },
	{ 0x888e, "eapol" },
	{ 0x8892, "profinet" },
	{ 0x8899, "realtek" },
	{ 0x88a2, "aoe" },
	{ 0x88a4, "ethercat" },
	{ 0x88a8, "802.1ad" },
	{ 0x88a8, "qinq" },
	{ 0x88a8, "s-tag" },
	{ 0x88ab, "powerlink" },
	{ 0x88b5, "802-ex1" },
	{ 0x88b6, "802-ex2" },
	{ 0x88b7, "802-oui" },
	{ 0x88b8, "goose" },
	{ 0x88b9, "gse" },
	{ 0x88ba, "sv" },
	{ 0x88be, "erspan" },
	{ 0x88c7, "preauth" },
	{ 0x88c7, "eap-preauth" },
	{ 0x88ca, "tipc" },
	{ 0x88cc, "lldp" },
	{ 0x88cd, "sercos3" },
	{ 0x88dc, "wsmp" },
	{ 0x88e1, "homeplug" },
	{ 0x88e3, "mrp" },
	{ 0x88e5, "macsec" },
	{ 0x88e7, "802.1ah" },
	{ 0x88e7, "pbb" },
	{ 0x88e7, "macinmac" },
	{ 0x88f5, "mvrp" },
	{ 0x88f6, "mmrp" },
	{ 0x88f7, "ptp" },
	{ 0x88f8, "ncsi" },
	{ 0x88fb, "prp" },
	{ 0x8902, "cfm" },
	{ 0x8906, "fcoe" },
	{ 0x890d, "tdls" },
	{ 0x8914, "fip" },
	{ 0x8915, "iboe" },
	{ 0x8915, "roce" },
	{ 0x8917, "802.21" },
	{ 0x892f, "hsr" },
	{ 0x894f, "nsh" },
	{ 0x9000, "loopback" },
	{ 0x9100, "qinq1" },
	{ 0x9200, "qinq2" },
	{ 0x9300, "qinq3" },
	{ 0xa0ed, "lowpan" },
	{ 0xdada, "edsa" },
	{ 0xdadb, "dsa-8021q" },
	{ 0xe001, "dsa-a5psw" },
	{ 0xed3e, "ife" },
	{ 0xfbfb, "af-iucv" },
};

#define ETHERTYPES (sizeof(ethertypes) / sizeof(*ethertypes))

/* The databases of different systems write 802.1Q as 802_1Q, 802-1q ...: '_' counts as '-'. */
static bool same_name(const char *known, const char *name, size_t length)
{
	if (strlen(known) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (tolower((unsigned char)name[i] == '_' ? '-' : (unsigned char)name[i]) !=
		    known[i])
			return false;
	return true;
}

const char *protocol_ip_name(uint8_t number)
{
	return ip_names[number];
}

const char *protocol_ethertype_name(uint16_t number)
{
	size_t low = 0;
	size_t high = ETHERTYPES;

	while (low < high) { /* the first entry that is not below the number */
		size_t middle = (low + high) / 2;

		if (ethertypes[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ETHERTYPES && ethertypes[low].number == number ? ethertypes[low].name : NULL;
}

bool protocol_ip_number(const char *name, size_t length, uint8_t *number)
{
	for (unsigned int i = 0; i < 256; i++) {
		if (ip_names[i] && same_name(ip_names[i], name, length)) {
			*number = (uint8_t)i;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(ip_aliases) / sizeof(*ip_aliases); i++) {
		if (same_name(ip_aliases[i].name, name, length)) {
			*number = ip_aliases[i].number;
			return true;
		}
	}
	return false;
}

bool protocol_ethertype_number(const char *name, size_t length, uint16_t *number)
{
	for (size_t i = 0; i < ETHERTYPES; i++) {
		if (same_name(ethertypes[i].name, name, length)) {
			*number = ethertypes[i].number;
			return true;
		}
	}
	return false;
}
