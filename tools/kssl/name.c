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
