// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Attributes of the netlink family: their names in the spec, where one is in a
 * message, and the values in a reply.
 */
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static const char *const settings_names[KSSL_A_SETTINGS_MAX + 1] = {
	[KSSL_A_SETTINGS_PAD] = "pad",
	[KSSL_A_SETTINGS_METHOD] = "method",
	[KSSL_A_SETTINGS_OPTIONS] = "options",
	[KSSL_A_SETTINGS_OPTIONS_MASK] = "options-mask",
	[KSSL_A_SETTINGS_MODE] = "mode",
	[KSSL_A_SETTINGS_MODE_MASK] = "mode-mask",
	[KSSL_A_SETTINGS_MIN_PROTO] = "min-proto",
	[KSSL_A_SETTINGS_MAX_PROTO] = "max-proto",
	[KSSL_A_SETTINGS_VERIFY_MODE] = "verify-mode",
	[KSSL_A_SETTINGS_VERIFY_DEPTH] = "verify-depth",
	[KSSL_A_SETTINGS_TIMEOUT] = "timeout",
	[KSSL_A_SETTINGS_CIPHER_LIST] = "cipher-list",
	[KSSL_A_SETTINGS_CIPHERSUITES] = "ciphersuites",
	[KSSL_A_SETTINGS_MAX_CERT_LIST] = "max-cert-list",
	[KSSL_A_SETTINGS_READ_AHEAD] = "read-ahead",
	[KSSL_A_SETTINGS_ROLE] = "role",
	[KSSL_A_SETTINGS_LABEL] = "label",
	[KSSL_A_SETTINGS_VERIFY_FLAGS] = "verify-flags",
	[KSSL_A_SETTINGS_VERIFY_PURPOSE] = "verify-purpose",
	[KSSL_A_SETTINGS_VERIFY_TRUST] = "verify-trust",
	[KSSL_A_SETTINGS_VERIFY_HOSTS] = "verify-hosts",
	[KSSL_A_SETTINGS_VERIFY_HOST_FLAGS] = "verify-host-flags",
	[KSSL_A_SETTINGS_VERIFY_EMAIL] = "verify-email",
	[KSSL_A_SETTINGS_VERIFY_IP] = "verify-ip",
	[KSSL_A_SETTINGS_VERIFY_TIME] = "verify-time",
	[KSSL_A_SETTINGS_VERIFY_AUTH_LEVEL] = "verify-auth-level",
	[KSSL_A_SETTINGS_TRUST_ANCHORS] = "trust-anchors",
	[KSSL_A_SETTINGS_TRUST_SYSTEM] = "trust-system",
	[KSSL_A_SETTINGS_CRLS] = "crls",
	[KSSL_A_SETTINGS_SESSION] = "session",
	[KSSL_A_SETTINGS_SESSION_ID_CONTEXT] = "session-id-context",
	[KSSL_A_SETTINGS_TMP_DH] = "tmp-dh",
	[KSSL_A_SETTINGS_DH_AUTO] = "dh-auto",
	[KSSL_A_SETTINGS_CERTIFICATE_CURRENT] = "certificate-current",
	[KSSL_A_SETTINGS_CERTIFICATE_RSA] = "certificate-rsa",
	[KSSL_A_SETTINGS_CERTIFICATE_RSA_PSS] = "certificate-rsa-pss",
	[KSSL_A_SETTINGS_CERTIFICATE_DSA] = "certificate-dsa",
	[KSSL_A_SETTINGS_CERTIFICATE_ECC] = "certificate-ecc",
	[KSSL_A_SETTINGS_CERTIFICATE_GOST01] = "certificate-gost01",
	[KSSL_A_SETTINGS_CERTIFICATE_GOST12_256] = "certificate-gost12-256",
	[KSSL_A_SETTINGS_CERTIFICATE_GOST12_512] = "certificate-gost12-512",
	[KSSL_A_SETTINGS_CERTIFICATE_ED25519] = "certificate-ed25519",
	[KSSL_A_SETTINGS_CERTIFICATE_ED448] = "certificate-ed448",
	[KSSL_A_SETTINGS_CHAIN_RSA] = "chain-rsa",
	[KSSL_A_SETTINGS_CHAIN_RSA_PSS] = "chain-rsa-pss",
	[KSSL_A_SETTINGS_CHAIN_DSA] = "chain-dsa",
	[KSSL_A_SETTINGS_CHAIN_ECC] = "chain-ecc",
	[KSSL_A_SETTINGS_CHAIN_GOST01] = "chain-gost01",
	[KSSL_A_SETTINGS_CHAIN_GOST12_256] = "chain-gost12-256",
	[KSSL_A_SETTINGS_CHAIN_GOST12_512] = "chain-gost12-512",
	[KSSL_A_SETTINGS_CHAIN_ED25519] = "chain-ed25519",
	[KSSL_A_SETTINGS_CHAIN_ED448] = "chain-ed448",
	[KSSL_A_SETTINGS_PRIVATE_KEY_RSA] = "private-key-rsa",
	[KSSL_A_SETTINGS_PRIVATE_KEY_RSA_PSS] = "private-key-rsa-pss",
	[KSSL_A_SETTINGS_PRIVATE_KEY_DSA] = "private-key-dsa",
	[KSSL_A_SETTINGS_PRIVATE_KEY_ECC] = "private-key-ecc",
	[KSSL_A_SETTINGS_PRIVATE_KEY_GOST01] = "private-key-gost01",
	[KSSL_A_SETTINGS_PRIVATE_KEY_GOST12_256] = "private-key-gost12-256",
	[KSSL_A_SETTINGS_PRIVATE_KEY_GOST12_512] = "private-key-gost12-512",
	[KSSL_A_SETTINGS_PRIVATE_KEY_ED25519] = "private-key-ed25519",
	[KSSL_A_SETTINGS_PRIVATE_KEY_ED448] = "private-key-ed448",
	[KSSL_A_SETTINGS_OCSP_RSA] = "ocsp-rsa",
	[KSSL_A_SETTINGS_OCSP_RSA_PSS] = "ocsp-rsa-pss",
	[KSSL_A_SETTINGS_OCSP_DSA] = "ocsp-dsa",
	[KSSL_A_SETTINGS_OCSP_ECC] = "ocsp-ecc",
	[KSSL_A_SETTINGS_OCSP_GOST01] = "ocsp-gost01",
	[KSSL_A_SETTINGS_OCSP_GOST12_256] = "ocsp-gost12-256",
	[KSSL_A_SETTINGS_OCSP_GOST12_512] = "ocsp-gost12-512",
	[KSSL_A_SETTINGS_OCSP_ED25519] = "ocsp-ed25519",
	[KSSL_A_SETTINGS_OCSP_ED448] = "ocsp-ed448",
	[KSSL_A_SETTINGS_SIGALGS] = "sigalgs",
	[KSSL_A_SETTINGS_CLIENT_SIGALGS] = "client-sigalgs",
	[KSSL_A_SETTINGS_DANE_ENABLED] = "dane-enabled",
	[KSSL_A_SETTINGS_DANE_FLAGS] = "dane-flags",
	[KSSL_A_SETTINGS_DANE_MTYPES] = "dane-mtypes",
	[KSSL_A_SETTINGS_DANE_TLSA] = "dane-tlsa",
	[KSSL_A_SETTINGS_SECURITY_LEVEL] = "security-level",
	[KSSL_A_SETTINGS_CA_LIST] = "ca-list",
	[KSSL_A_SETTINGS_CLIENT_CA_LIST] = "client-ca-list",
	[KSSL_A_SETTINGS_EX_DATA_0] = "ex-data-0",
	[KSSL_A_SETTINGS_EX_DATA_1] = "ex-data-1",
	[KSSL_A_SETTINGS_EX_DATA_2] = "ex-data-2",
	[KSSL_A_SETTINGS_EX_DATA_3] = "ex-data-3",
	[KSSL_A_SETTINGS_EX_DATA_4] = "ex-data-4",
	[KSSL_A_SETTINGS_EX_DATA_5] = "ex-data-5",
	[KSSL_A_SETTINGS_EX_DATA_6] = "ex-data-6",
	[KSSL_A_SETTINGS_EX_DATA_7] = "ex-data-7",
	[KSSL_A_SETTINGS_SERVERINFO] = "serverinfo",
	[KSSL_A_SETTINGS_SERVERINFO_V2] = "serverinfo-v2",
	[KSSL_A_SETTINGS_CUSTOM_EXTENSIONS] = "custom-extensions",
	[KSSL_A_SETTINGS_PSK_IDENTITY_HINT] = "psk-identity-hint",
	[KSSL_A_SETTINGS_PSK_IDENTITY] = "psk-identity",
	[KSSL_A_SETTINGS_PSK_KEY] = "psk-key",
	[KSSL_A_SETTINGS_CLIENT_CERT_TYPES] = "client-cert-types",
	[KSSL_A_SETTINGS_CALLBACKS] = "callbacks",
	[KSSL_A_SETTINGS_CALLBACKS_COOKIE] = "callbacks-cookie",
	[KSSL_A_SETTINGS_SNI] = "sni",
	[KSSL_A_SETTINGS_ALPN] = "alpn",
	[KSSL_A_SETTINGS_GROUPS] = "groups",
	[KSSL_A_SETTINGS_NUM_TICKETS] = "num-tickets",
	[KSSL_A_SETTINGS_TICKET_KEYS] = "ticket-keys",
	[KSSL_A_SETTINGS_MAX_EARLY_DATA] = "max-early-data",
	[KSSL_A_SETTINGS_RECV_MAX_EARLY_DATA] = "recv-max-early-data",
	[KSSL_A_SETTINGS_QUIET_SHUTDOWN] = "quiet-shutdown",
	[KSSL_A_SETTINGS_BLOCK_PADDING] = "block-padding",
	[KSSL_A_SETTINGS_MAX_SEND_FRAGMENT] = "max-send-fragment",
	[KSSL_A_SETTINGS_SPLIT_SEND_FRAGMENT] = "split-send-fragment",
	[KSSL_A_SETTINGS_MAX_FRAGMENT_LEN] = "max-fragment-len",
	[KSSL_A_SETTINGS_SHARE] = "share",
	[KSSL_A_SETTINGS_KEEP] = "keep",
};

static const char *const crypto_names[KSSL_A_CRYPTO_MAX + 1] = {
	[KSSL_A_CRYPTO_PAD] = "pad",
	[KSSL_A_CRYPTO_KEY] = "key",
	[KSSL_A_CRYPTO_IV] = "iv",
	[KSSL_A_CRYPTO_SALT] = "salt",
	[KSSL_A_CRYPTO_REC_SEQ] = "rec-seq",
	[KSSL_A_CRYPTO_SECRET] = "secret",
};

static const char *const main_names[KSSL_A_MAX + 1] = {
	[KSSL_A_PAD] = "pad",
	[KSSL_A_ID] = "id",
	[KSSL_A_CTX_ID] = "ctx-id",
	[KSSL_A_SETTINGS] = "settings",
	[KSSL_A_FD] = "fd",
	[KSSL_A_VERSION] = "version",
	[KSSL_A_SUITE] = "suite",
	[KSSL_A_VERIFY_RESULT] = "verify-result",
	[KSSL_A_TX] = "tx",
	[KSSL_A_RX] = "rx",
	[KSSL_A_STATE] = "state",
	[KSSL_A_REFS] = "refs",
	[KSSL_A_HELD] = "held",
	[KSSL_A_HOLDERS] = "holders",
	[KSSL_A_UID] = "uid",
	[KSSL_A_AGE] = "age",
	[KSSL_A_CONNS] = "conns",
	[KSSL_A_SETTINGS_ID] = "settings-id",
	[KSSL_A_INHERIT_ID] = "inherit-id",
	[KSSL_A_FAMILY] = "family",
	[KSSL_A_LOCAL_ADDR] = "local-addr",
	[KSSL_A_LOCAL_PORT] = "local-port",
	[KSSL_A_PEER_ADDR] = "peer-addr",
	[KSSL_A_PEER_PORT] = "peer-port",
	[KSSL_A_SOCK_COOKIE] = "sock-cookie",
	[KSSL_A_RESULT] = "result",
	[KSSL_A_RESULT_TEXT] = "result-text",
	[KSSL_A_RESULT_ATTR] = "result-attr",
	[KSSL_A_RESULT_NESTED] = "result-nested",
	[KSSL_A_EVENT] = "event",
	[KSSL_A_LABEL] = "label",
	[KSSL_A_ROW] = "row",
	[KSSL_A_LARGE_ROWS] = "large-rows",
	[KSSL_A_SESSION] = "session",
	[KSSL_A_ALPN] = "alpn",
	[KSSL_A_SNI] = "sni",
	[KSSL_A_RESUMED] = "resumed",
	[KSSL_A_PEER_CHAIN] = "peer-chain",
	[KSSL_A_WITH_PEER_CHAIN] = "with-peer-chain",
	[KSSL_A_RECORD_LIMIT] = "record-limit",
	[KSSL_A_COOKIE] = "cookie",
	[KSSL_A_SHUTDOWN] = "shutdown",
	[KSSL_A_RIGHTS] = "rights",
	[KSSL_A_SENT] = "sent",
	[KSSL_A_RECEIVED] = "received",
	[KSSL_A_UNSENT] = "unsent",
	[KSSL_A_CONTROL_SENT] = "control-sent",
	[KSSL_A_CONTROL_RECEIVED] = "control-received",
	[KSSL_A_KEEP_KEY] = "keep-key",
	[KSSL_A_DIRECTIONS] = "directions",
	[KSSL_A_ADOPT] = "adopt",
	[KSSL_A_EXPECT_NO_PAD] = "expect-no-pad",
	[KSSL_A_DIRECTION] = "direction",
	[KSSL_A_REQUEST_UPDATE] = "request-update",
	[KSSL_A_KEY] = "key",
	[KSSL_A_TX_GENERATION] = "tx-generation",
	[KSSL_A_RX_GENERATION] = "rx-generation",
	[KSSL_A_TX_RECORDS] = "tx-records",
	[KSSL_A_RX_RECORDS] = "rx-records",
	[KSSL_A_NO_WAIT] = "no-wait",
	[KSSL_A_KEY_RECORDS] = "key-records",
	[KSSL_A_KEY_RECORDS_MAX] = "key-records-max",
};

static const char *name_in(const char *const *names, uint32_t max,
			   uint32_t type)
{
	return type <= max ? names[type] : NULL;
}

static const char *nested_name(uint32_t type, uint32_t nested)
{
	switch (type) {
	case KSSL_A_SETTINGS:
		return name_in(settings_names, KSSL_A_SETTINGS_MAX, nested);
	case KSSL_A_TX:
	case KSSL_A_RX:
	case KSSL_A_KEY:
		return name_in(crypto_names, KSSL_A_CRYPTO_MAX, nested);
	default:
		return NULL;
	}
}

void kssl_attr_path(char *path, size_t size, uint32_t type, uint32_t nested)
{
	const char *name = name_in(main_names, KSSL_A_MAX, type);
	const char *inner = nested_name(type, nested);

	snprintf(path, size, "%s%s%s", name ? name : "", inner ? "." : "",
		 inner ? inner : "");
}

const struct nlattr *kssl_attr_at(const struct nlmsghdr *request, uint32_t off,
				  const struct nlattr **nest)
{
	const char *target = (const char *)request + off;
	const struct nlattr *attr, *inner;

	*nest = NULL;
	mnl_attr_for_each(attr, request, GENL_HDRLEN) {
		if ((const char *)attr == target)
			return attr;
		if (!(attr->nla_type & NLA_F_NESTED))
			continue;
		mnl_attr_for_each_nested(inner, attr) {
			if ((const char *)inner == target) {
				*nest = attr;
				return inner;
			}
		}
	}
	return NULL;
}

struct parse {
	const struct nlattr **tb;
	unsigned int max;
};

/* Attributes of a newer kernel are not for us. */
static int parse_cb(const struct nlattr *attr, void *arg)
{
	const struct parse *parse = arg;

	if (mnl_attr_get_type(attr) <= parse->max)
		parse->tb[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

void kssl_attrs_parse(const struct nlmsghdr *nlh, const struct nlattr **tb)
{
	struct parse parse = { tb, KSSL_A_MAX };

	memset(tb, 0, (KSSL_A_MAX + 1) * sizeof(*tb));
	mnl_attr_parse(nlh, GENL_HDRLEN, parse_cb, &parse);
}

void kssl_attrs_nested(const struct nlattr *nest, const struct nlattr **tb,
		       unsigned int max)
{
	struct parse parse = { tb, max };

	memset(tb, 0, (max + 1) * sizeof(*tb));
	if (nest)
		mnl_attr_parse_nested(nest, parse_cb, &parse);
}

uint64_t kssl_attr_uint(const struct nlattr *attr)
{
	uint64_t u64;

	if (!attr)
		return 0;
	switch (mnl_attr_get_payload_len(attr)) {
	case sizeof(uint8_t):
		return mnl_attr_get_u8(attr);
	case sizeof(uint16_t):
		return mnl_attr_get_u16(attr);
	case sizeof(uint32_t):
		return mnl_attr_get_u32(attr);
	case sizeof(uint64_t):
		/* Attributes are aligned to four bytes only. */
		memcpy(&u64, mnl_attr_get_payload(attr), sizeof(u64));
		return u64;
	default:
		return 0;
	}
}

const char *kssl_attr_str(const struct nlattr *attr)
{
	const char *text;
	size_t len;

	if (!attr)
		return "";
	text = mnl_attr_get_payload(attr);
	len = mnl_attr_get_payload_len(attr);
	return memchr(text, '\0', len) ? text : "";
}
