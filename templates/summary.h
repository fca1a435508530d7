/* SPDX-License-Identifier: GPL-2.0 */
/* What drops are counted by. */
struct summary_key {
#ifdef DROP_KEYS
	DROP_KEYS(DROP_MEMBER_NUMBER, DROP_MEMBER_BYTES, DROP_MEMBER_BYTES)
#endif
//@slot key_members
} __attribute__((aligned(8)));

#define SUMMARY_ROWS 8192
BPF_TABLE("percpu_hash", struct summary_key, u64, summary, SUMMARY_ROWS);

/*
 * In front of the table, on each CPU: places for keys, found by a hash of the key. A look-up here takes a
 * third of the time of one in the table. A key with a place is in the table, too, and keeps its place;
 * the reader adds up what was counted in both.
 */
#define SUMMARY_HOT_KEY 80 /* bytes; larger keys get no place: the BPF stack cannot hold them twice */
struct summary_hot {
	u64 used;
	u64 count;
	struct summary_key key;
};
#define SUMMARY_HOT 256
BPF_PERCPU_ARRAY(hot, struct summary_hot, SUMMARY_HOT);
BPF_PERCPU_ARRAY(hot_claims, u64, 1);

/* Drops whose key found no room in the table. */
BPF_PERCPU_ARRAY(other, u64, 1);

#ifdef DROP_KEYS
DROP_KEYS(DROP_DECLARE_NUMBER, DROP_DECLARE_BYTES, DROP_DECLARE_BYTES)

static __always_inline void fill_keys(struct summary_key *to, void *ctx, struct sk_buff *skb,
				      struct sock *given, u64 location, u32 reason)
{
	struct sock *sk = drop_socket_of(given, READ(skb, sk));

	DROP_KEYS(DROP_FILL_NUMBER, DROP_FILL_STRING, DROP_FILL_BYTES)
}
#endif

/* As small as most members: a larger load would wait for members that were just stored one by one. */
#define SUMMARY_KEY_WORDS (sizeof(struct summary_key) / sizeof(u32))

static __always_inline u32 key_word(const struct summary_key *key, int index)
{
	const char *start = __builtin_assume_aligned(key, sizeof(u64));
	u32 word;

	__builtin_memcpy(&word, start + index * sizeof(word), sizeof(word));
	return word;
}

/* The place of a key: the upper bits of a sum of products, which depend on all bits of the key. */
static __always_inline int hot_index(const struct summary_key *key)
{
	u64 hash = 0;

#pragma unroll
	for (int i = 0; i < SUMMARY_KEY_WORDS; i++)
		hash += key_word(key, i) * (0x9e3779b97f4a7c15 * (2 * i + 1)); /* 2^64 / phi */
	return hash / (~0ULL / SUMMARY_HOT + 1);
}

static __always_inline int is_hot(const struct summary_hot *hot_key, const struct summary_key *key)
{
	u32 difference = !hot_key->used;

#pragma unroll
	for (int i = 0; i < SUMMARY_KEY_WORDS; i++)
		difference |= key_word(&hot_key->key, i) ^ key_word(key, i);
	return !difference;
}

/*
 * An interrupt may count another drop on this CPU in the middle of this. Then there are two claims, none
 * gets the place, and the next key can have it.
 */
static __always_inline void claim_hot(struct summary_hot *hot_key, const struct summary_key *key)
{
	int zero = 0;
	u64 *claims = hot_claims.lookup(&zero);

	if (!claims)
		return;
	__sync_fetch_and_add(claims, 1);
	if (*(volatile u64 *)claims == 1 && !*(volatile u64 *)&hot_key->used) {
		hot_key->key = *key;
		__sync_fetch_and_add(&hot_key->used, 1); /* not before the key is there */
	}
	__sync_fetch_and_add(claims, -1);
}

static __always_inline void fill_key(struct summary_key *key, const struct drop_event *event)
{
//@if key_location
	key->location = event->location;
//@end
//@if key_iface
	key->ifname_words[0] = event->ifname_words[0];
	key->ifname_words[1] = event->ifname_words[1];
	key->flags |= event->flags & DROP_HAS_DEVICE;
//@end
//@if key_saddr
	__builtin_memcpy(key->saddr, &event->saddr, sizeof(key->saddr));
//@end
//@if key_daddr
	__builtin_memcpy(key->daddr, &event->daddr, sizeof(key->daddr));
//@end
//@if key_family
	/* The version of the addresses. */
	if (event->ethertype == ETHERTYPE_IPV6)
		key->ethertype = event->ethertype;
	key->flags |= event->flags & DROP_HAS_ADDRESSES;
//@end
//@if key_reason
	key->reason = event->reason;
//@end
//@if key_sport
	key->sport = event->sport;
	key->flags |= event->flags & (DROP_HAS_PORTS | DROP_NO_PORTS);
//@end
//@if key_dport
	key->dport = event->dport;
	key->flags |= event->flags & (DROP_HAS_PORTS | DROP_NO_PORTS);
//@end
//@if key_socket
	key->socket = event->socket;
	key->flags |= event->flags & DROP_HAS_SOCKET;
//@end
//@if key_uid
	key->uid = event->uid;
	key->flags |= event->flags & DROP_HAS_UID;
//@end
//@if key_proto
	/* The EtherType says nothing more where the protocol behind IP is known. */
	key->l4_protocol = event->l4_protocol;
	if (event->flags & DROP_HAS_L4) {
		key->flags |= DROP_HAS_L4;
	} else {
		key->ethertype = event->ethertype;
		key->flags |= event->flags & DROP_HAS_ETHERTYPE;
	}
//@end
}

static __always_inline void count_drop(const struct drop_event *event, void *ctx,
				       struct sk_buff *skb, struct sock *given)
{
	struct summary_key key;
	struct summary_hot *hot_key = NULL;
	u64 *count, one = 1;
	int zero = 0, index;

	__builtin_memset(&key, 0, sizeof(key));
#ifdef DROP_KEYS
	fill_keys(&key, ctx, skb, given, event->location, event->reason);
#endif
	fill_key(&key, event);
	if (sizeof(key) <= SUMMARY_HOT_KEY) {
		index = hot_index(&key);
		hot_key = hot.lookup(&index);
	}
	if (hot_key && is_hot(hot_key, &key)) {
		__sync_fetch_and_add(&hot_key->count, 1);
		return;
	}
	count = summary.lookup(&key);
	if (count && hot_key && !hot_key->used)
		claim_hot(hot_key, &key);
	if (!count && summary.insert(&key, &one) == 0)
		return;
	/* The table is full, or another CPU was first. */
	if (!count)
		count = summary.lookup(&key);
	if (!count)
		count = other.lookup(&zero);
	if (count)
		__sync_fetch_and_add(count, 1);
}
