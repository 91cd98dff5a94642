// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include <linux/kssl.h>

#include "name.h"

const struct name method_names[] = {
	{ KSSL_METHOD_EITHER, "either" },
	{ KSSL_METHOD_CLIENT, "client" },
	{ KSSL_METHOD_SERVER, "server" },
	{ 0, NULL },
};

const struct name role_names[] = {
	{ KSSL_ROLE_UNSET, "unset" },
	{ KSSL_ROLE_CLIENT, "client" },
	{ KSSL_ROLE_SERVER, "server" },
	{ 0, NULL },
};

const struct name state_names[] = {
	{ KSSL_STATE_INITIAL, "initial" },
	{ KSSL_STATE_HANDSHAKE, "handshake" },
	{ KSSL_STATE_ESTABLISHED, "established" },
	{ KSSL_STATE_CLOSED, "closed" },
	{ KSSL_STATE_ERROR, "error" },
	{ 0, NULL },
};

const struct name event_names[] = {
	{ KSSL_EVENT_TYPE_CTX_NEW, "ctx-new" },
	{ KSSL_EVENT_TYPE_CTX_GONE, "ctx-gone" },
	{ KSSL_EVENT_TYPE_NEW, "new" },
	{ KSSL_EVENT_TYPE_STATE, "state" },
	{ KSSL_EVENT_TYPE_GONE, "gone" },
	{ KSSL_EVENT_TYPE_KEY_LIMIT, "key-limit" },
	{ 0, NULL },
};

const struct name direction_names[] = {
	{ KSSL_DIRECTION_TX, "tx" },
	{ KSSL_DIRECTION_RX, "rx" },
	{ 0, NULL },
};

const struct name rights_names[] = {
	{ KSSL_RIGHTS_USE, "use" },
	{ KSSL_RIGHTS_ALL, "all" },
	{ 0, NULL },
};

/* What is on the wire. */
const struct name proto_names[] = {
	{ 0, "any" },
	{ 0x0301, "tls1.0" },
	{ 0x0302, "tls1.1" },
	{ 0x0303, "tls1.2" },
	{ 0x0304, "tls1.3" },
	{ 0, NULL },
};

const struct name op_names[] = {
	{ KSSL_OP_NO_EXTENDED_MASTER_SECRET, "no-extended-master-secret" },
	{ KSSL_OP_CLEANSE_PLAINTEXT, "cleanse-plaintext" },
	{ KSSL_OP_LEGACY_SERVER_CONNECT, "legacy-server-connect" },
	{ KSSL_OP_ENABLE_KTLS, "enable-ktls" },
	{ KSSL_OP_TLSEXT_PADDING, "tlsext-padding" },
	{ KSSL_OP_SAFARI_ECDHE_ECDSA_BUG, "safari-ecdhe-ecdsa-bug" },
	{ KSSL_OP_IGNORE_UNEXPECTED_EOF, "ignore-unexpected-eof" },
	{ KSSL_OP_ALLOW_CLIENT_RENEGOTIATION, "allow-client-renegotiation" },
	{ KSSL_OP_DISABLE_TLSEXT_CA_NAMES, "disable-tlsext-ca-names" },
	{ KSSL_OP_ALLOW_NO_DHE_KEX, "allow-no-dhe-kex" },
	{ KSSL_OP_DONT_INSERT_EMPTY_FRAGMENTS, "dont-insert-empty-fragments" },
	{ KSSL_OP_NO_QUERY_MTU, "no-query-mtu" },
	{ KSSL_OP_COOKIE_EXCHANGE, "cookie-exchange" },
	{ KSSL_OP_NO_TICKET, "no-ticket" },
	{ KSSL_OP_CISCO_ANYCONNECT, "cisco-anyconnect" },
	{ KSSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION,
	  "no-session-resumption-on-renegotiation" },
	{ KSSL_OP_NO_COMPRESSION, "no-compression" },
	{ KSSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION,
	  "allow-unsafe-legacy-renegotiation" },
	{ KSSL_OP_NO_ENCRYPT_THEN_MAC, "no-encrypt-then-mac" },
	{ KSSL_OP_ENABLE_MIDDLEBOX_COMPAT, "enable-middlebox-compat" },
	{ KSSL_OP_PRIORITIZE_CHACHA, "prioritize-chacha" },
	{ KSSL_OP_CIPHER_SERVER_PREFERENCE, "cipher-server-preference" },
	{ KSSL_OP_TLS_ROLLBACK_BUG, "tls-rollback-bug" },
	{ KSSL_OP_NO_ANTI_REPLAY, "no-anti-replay" },
	{ KSSL_OP_NO_SSLV3, "no-sslv3" },
	{ KSSL_OP_NO_TLSV1, "no-tlsv1" },
	{ KSSL_OP_NO_TLSV1_2, "no-tlsv1-2" },
	{ KSSL_OP_NO_TLSV1_1, "no-tlsv1-1" },
	{ KSSL_OP_NO_TLSV1_3, "no-tlsv1-3" },
	{ KSSL_OP_NO_RENEGOTIATION, "no-renegotiation" },
	{ KSSL_OP_CRYPTOPRO_TLSEXT_BUG, "cryptopro-tlsext-bug" },
	{ KSSL_OP_NO_TX_CERTIFICATE_COMPRESSION,
	  "no-tx-certificate-compression" },
	{ KSSL_OP_NO_RX_CERTIFICATE_COMPRESSION,
	  "no-rx-certificate-compression" },
	{ KSSL_OP_ENABLE_KTLS_TX_ZEROCOPY_SENDFILE,
	  "enable-ktls-tx-zerocopy-sendfile" },
	{ KSSL_OP_PREFER_NO_DHE_KEX, "prefer-no-dhe-kex" },
	{ KSSL_OP_LEGACY_EC_POINT_FORMATS, "legacy-ec-point-formats" },
	{ KSSL_OP_ECH_GREASE, "ech-grease" },
	{ KSSL_OP_ECH_TRIALDECRYPT, "ech-trialdecrypt" },
	{ KSSL_OP_ECH_IGNORE_CID, "ech-ignore-cid" },
	{ KSSL_OP_ECH_GREASE_RETRY_CONFIG, "ech-grease-retry-config" },
	{ KSSL_OP_GREASE, "grease" },
	{ 0, NULL },
};

const struct name mode_names[] = {
	{ KSSL_MODE_ENABLE_PARTIAL_WRITE, "enable-partial-write" },
	{ KSSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, "accept-moving-write-buffer" },
	{ KSSL_MODE_AUTO_RETRY, "auto-retry" },
	{ KSSL_MODE_NO_AUTO_CHAIN, "no-auto-chain" },
	{ KSSL_MODE_RELEASE_BUFFERS, "release-buffers" },
	{ KSSL_MODE_SEND_CLIENTHELLO_TIME, "send-clienthello-time" },
	{ KSSL_MODE_SEND_SERVERHELLO_TIME, "send-serverhello-time" },
	{ KSSL_MODE_SEND_FALLBACK_SCSV, "send-fallback-scsv" },
	{ KSSL_MODE_ASYNC, "async" },
	{ KSSL_MODE_DTLS_SCTP_LABEL_LENGTH_BUG, "dtls-sctp-label-length-bug" },
	{ 0, NULL },
};

const struct name verify_names[] = {
	{ KSSL_VERIFY_PEER, "peer" },
	{ KSSL_VERIFY_FAIL_IF_NO_PEER_CERT, "fail-if-no-peer-cert" },
	{ KSSL_VERIFY_CLIENT_ONCE, "client-once" },
	{ KSSL_VERIFY_POST_HANDSHAKE, "post-handshake" },
	{ 0, NULL },
};

/* X509_V_FLAG_*, X509_CHECK_FLAG_* and so on, as the specification has it. */
const struct name verify_flag_names[] = {
	{ KSSL_VERIFY_FLAG_CRL_CHECK, "crl-check" },
	{ KSSL_VERIFY_FLAG_CRL_CHECK_ALL, "crl-check-all" },
	{ KSSL_VERIFY_FLAG_IGNORE_CRITICAL, "ignore-critical" },
	{ KSSL_VERIFY_FLAG_X509_STRICT, "x509-strict" },
	{ KSSL_VERIFY_FLAG_ALLOW_PROXY_CERTS, "allow-proxy-certs" },
	{ KSSL_VERIFY_FLAG_POLICY_CHECK, "policy-check" },
	{ KSSL_VERIFY_FLAG_EXPLICIT_POLICY, "explicit-policy" },
	{ KSSL_VERIFY_FLAG_INHIBIT_ANY, "inhibit-any" },
	{ KSSL_VERIFY_FLAG_INHIBIT_MAP, "inhibit-map" },
	{ KSSL_VERIFY_FLAG_NOTIFY_POLICY, "notify-policy" },
	{ KSSL_VERIFY_FLAG_EXTENDED_CRL_SUPPORT, "extended-crl-support" },
	{ KSSL_VERIFY_FLAG_USE_DELTAS, "use-deltas" },
	{ KSSL_VERIFY_FLAG_CHECK_SS_SIGNATURE, "check-ss-signature" },
	{ KSSL_VERIFY_FLAG_TRUSTED_FIRST, "trusted-first" },
	{ KSSL_VERIFY_FLAG_SUITEB_128_LOS_ONLY, "suiteb-128-los-only" },
	{ KSSL_VERIFY_FLAG_SUITEB_192_LOS, "suiteb-192-los" },
	{ KSSL_VERIFY_FLAG_PARTIAL_CHAIN, "partial-chain" },
	{ KSSL_VERIFY_FLAG_NO_ALT_CHAINS, "no-alt-chains" },
	{ KSSL_VERIFY_FLAG_NO_CHECK_TIME, "no-check-time" },
	{ 0, NULL },
};

const struct name host_flag_names[] = {
	{ KSSL_HOST_FLAG_ALWAYS_CHECK_SUBJECT, "always-check-subject" },
	{ KSSL_HOST_FLAG_NO_WILDCARDS, "no-wildcards" },
	{ KSSL_HOST_FLAG_NO_PARTIAL_WILDCARDS, "no-partial-wildcards" },
	{ KSSL_HOST_FLAG_MULTI_LABEL_WILDCARDS, "multi-label-wildcards" },
	{ KSSL_HOST_FLAG_SINGLE_LABEL_SUBDOMAINS, "single-label-subdomains" },
	{ KSSL_HOST_FLAG_NEVER_CHECK_SUBJECT, "never-check-subject" },
	{ 0, NULL },
};

const struct name dane_flag_names[] = {
	{ KSSL_DANE_FLAG_NO_DANE_EE_NAMECHECKS, "no-dane-ee-namechecks" },
	{ 0, NULL },
};

const struct name callback_names[] = {
	{ KSSL_CALLBACK_MESSAGE, "message" },
	{ KSSL_CALLBACK_INFO, "info" },
	{ KSSL_CALLBACK_VERIFY, "verify" },
	{ KSSL_CALLBACK_PASSWORD, "password" },
	{ KSSL_CALLBACK_SESSION_ID, "session-id" },
	{ KSSL_CALLBACK_TMP_DH, "tmp-dh" },
	{ KSSL_CALLBACK_SECURITY, "security" },
	{ KSSL_CALLBACK_PSK, "psk" },
	{ 0, NULL },
};

const struct name slot_names[] = {
	{ KSSL_CERT_SLOT_RSA, "rsa" },
	{ KSSL_CERT_SLOT_RSA_PSS, "rsa-pss" },
	{ KSSL_CERT_SLOT_DSA, "dsa" },
	{ KSSL_CERT_SLOT_ECC, "ecc" },
	{ KSSL_CERT_SLOT_GOST01, "gost01" },
	{ KSSL_CERT_SLOT_GOST12_256, "gost12-256" },
	{ KSSL_CERT_SLOT_GOST12_512, "gost12-512" },
	{ KSSL_CERT_SLOT_ED25519, "ed25519" },
	{ KSSL_CERT_SLOT_ED448, "ed448" },
	{ 0, NULL },
};

/* IANA's TLS Supported Groups and TLS SignatureScheme. */
const struct name group_names[] = {
	{ 0x0017, "secp256r1" },
	{ 0x0018, "secp384r1" },
	{ 0x0019, "secp521r1" },
	{ 0x001d, "x25519" },
	{ 0x001e, "x448" },
	{ 0x0100, "ffdhe2048" },
	{ 0x0101, "ffdhe3072" },
	{ 0x0102, "ffdhe4096" },
	{ 0x11ec, "X25519MLKEM768" },
	{ 0, NULL },
};

const struct name sigalg_names[] = {
	{ 0x0201, "rsa_pkcs1_sha1" },
	{ 0x0203, "ecdsa_sha1" },
	{ 0x0401, "rsa_pkcs1_sha256" },
	{ 0x0403, "ecdsa_secp256r1_sha256" },
	{ 0x0501, "rsa_pkcs1_sha384" },
	{ 0x0503, "ecdsa_secp384r1_sha384" },
	{ 0x0601, "rsa_pkcs1_sha512" },
	{ 0x0603, "ecdsa_secp521r1_sha512" },
	{ 0x0804, "rsa_pss_rsae_sha256" },
	{ 0x0805, "rsa_pss_rsae_sha384" },
	{ 0x0806, "rsa_pss_rsae_sha512" },
	{ 0x0807, "ed25519" },
	{ 0x0808, "ed448" },
	{ 0x0809, "rsa_pss_pss_sha256" },
	{ 0x080a, "rsa_pss_pss_sha384" },
	{ 0x080b, "rsa_pss_pss_sha512" },
	{ 0, NULL },
};

const char *name_of(const struct name *names, uint64_t value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names->name;
	return NULL;
}

bool name_value(const struct name *names, const char *name, uint64_t *value)
{
	for (; names->name; names++) {
		if (!strcmp(names->name, name)) {
			*value = names->value;
			return true;
		}
	}
	return false;
}

uint64_t name_bits(const struct name *names)
{
	uint64_t bits = 0;

	for (; names->name; names++)
		bits |= names->value;
	return bits;
}
