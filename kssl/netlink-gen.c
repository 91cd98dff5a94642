// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/kssl.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/kssl.h>

/* Common nested types */
const struct nla_policy kssl_crypto_nl_policy[KSSL_A_CRYPTO_SECRET + 1] = {
	[KSSL_A_CRYPTO_KEY] = NLA_POLICY_MAX_LEN(KSSL_KEY_MAX),
	[KSSL_A_CRYPTO_IV] = NLA_POLICY_MAX_LEN(KSSL_IV_MAX),
	[KSSL_A_CRYPTO_SALT] = NLA_POLICY_MAX_LEN(KSSL_SALT_MAX),
	[KSSL_A_CRYPTO_REC_SEQ] = { .type = NLA_U64, },
	[KSSL_A_CRYPTO_SECRET] = NLA_POLICY_MAX_LEN(KSSL_SECRET_MAX),
};

const struct nla_policy kssl_settings_nl_policy[KSSL_A_SETTINGS_KEEP + 1] = {
	[KSSL_A_SETTINGS_METHOD] = NLA_POLICY_MAX(NLA_U32, 2),
	[KSSL_A_SETTINGS_OPTIONS] = { .type = NLA_U64, },
	[KSSL_A_SETTINGS_OPTIONS_MASK] = { .type = NLA_U64, },
	[KSSL_A_SETTINGS_MODE] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_MODE_MASK] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_MIN_PROTO] = { .type = NLA_U16, },
	[KSSL_A_SETTINGS_MAX_PROTO] = { .type = NLA_U16, },
	[KSSL_A_SETTINGS_VERIFY_MODE] = NLA_POLICY_MASK(NLA_U32, 0xf),
	[KSSL_A_SETTINGS_VERIFY_DEPTH] = { .type = NLA_S32, },
	[KSSL_A_SETTINGS_TIMEOUT] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_CIPHER_LIST] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CIPHERSUITES] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_MAX_CERT_LIST] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_READ_AHEAD] = { .type = NLA_U8, },
	[KSSL_A_SETTINGS_ROLE] = NLA_POLICY_MAX(NLA_U32, 2),
	[KSSL_A_SETTINGS_LABEL] = { .type = NLA_NUL_STRING, .len = KSSL_LABEL_MAX, },
	[KSSL_A_SETTINGS_VERIFY_FLAGS] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_VERIFY_PURPOSE] = NLA_POLICY_MAX(NLA_U8, 10),
	[KSSL_A_SETTINGS_VERIFY_TRUST] = NLA_POLICY_MAX(NLA_U8, 8),
	[KSSL_A_SETTINGS_VERIFY_HOSTS] = NLA_POLICY_MAX_LEN(KSSL_HOSTS_MAX),
	[KSSL_A_SETTINGS_VERIFY_HOST_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x3f),
	[KSSL_A_SETTINGS_VERIFY_EMAIL] = { .type = NLA_NUL_STRING, .len = KSSL_NAME_MAX, },
	[KSSL_A_SETTINGS_VERIFY_IP] = NLA_POLICY_MAX_LEN(KSSL_IP_MAX),
	[KSSL_A_SETTINGS_VERIFY_TIME] = { .type = NLA_U64, },
	[KSSL_A_SETTINGS_VERIFY_AUTH_LEVEL] = { .type = NLA_S32, },
	[KSSL_A_SETTINGS_TRUST_ANCHORS] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_TRUST_SYSTEM] = NLA_POLICY_MAX(NLA_U8, 1),
	[KSSL_A_SETTINGS_CRLS] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_SESSION] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_SESSION_ID_CONTEXT] = NLA_POLICY_MAX_LEN(KSSL_SID_CTX_MAX),
	[KSSL_A_SETTINGS_TMP_DH] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_DH_AUTO] = NLA_POLICY_MAX(NLA_U8, 2),
	[KSSL_A_SETTINGS_CERTIFICATE_CURRENT] = NLA_POLICY_MAX(NLA_U8, 8),
	[KSSL_A_SETTINGS_CERTIFICATE_RSA] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CERTIFICATE_RSA_PSS] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CERTIFICATE_DSA] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CERTIFICATE_ECC] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CERTIFICATE_GOST01] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CERTIFICATE_GOST12_256] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CERTIFICATE_GOST12_512] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CERTIFICATE_ED25519] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CERTIFICATE_ED448] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CHAIN_RSA] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CHAIN_RSA_PSS] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CHAIN_DSA] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CHAIN_ECC] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CHAIN_GOST01] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CHAIN_GOST12_256] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CHAIN_GOST12_512] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CHAIN_ED25519] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CHAIN_ED448] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_PRIVATE_KEY_RSA] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_PRIVATE_KEY_RSA_PSS] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_PRIVATE_KEY_DSA] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_PRIVATE_KEY_ECC] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_PRIVATE_KEY_GOST01] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_PRIVATE_KEY_GOST12_256] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_PRIVATE_KEY_GOST12_512] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_PRIVATE_KEY_ED25519] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_PRIVATE_KEY_ED448] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_OCSP_RSA] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_OCSP_RSA_PSS] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_OCSP_DSA] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_OCSP_ECC] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_OCSP_GOST01] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_OCSP_GOST12_256] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_OCSP_GOST12_512] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_OCSP_ED25519] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_OCSP_ED448] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_SIGALGS] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CLIENT_SIGALGS] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_DANE_ENABLED] = NLA_POLICY_MAX(NLA_U8, 1),
	[KSSL_A_SETTINGS_DANE_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x1),
	[KSSL_A_SETTINGS_DANE_MTYPES] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_DANE_TLSA] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_SECURITY_LEVEL] = NLA_POLICY_MAX(NLA_U8, 5),
	[KSSL_A_SETTINGS_CA_LIST] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CLIENT_CA_LIST] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_EX_DATA_0] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_EX_DATA_1] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_EX_DATA_2] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_EX_DATA_3] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_EX_DATA_4] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_EX_DATA_5] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_EX_DATA_6] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_EX_DATA_7] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_SERVERINFO] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_SERVERINFO_V2] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_CUSTOM_EXTENSIONS] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_PSK_IDENTITY_HINT] = { .type = NLA_NUL_STRING, .len = KSSL_PSK_IDENTITY_MAX, },
	[KSSL_A_SETTINGS_PSK_IDENTITY] = { .type = NLA_NUL_STRING, .len = KSSL_PSK_IDENTITY_MAX, },
	[KSSL_A_SETTINGS_PSK_KEY] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_CLIENT_CERT_TYPES] = NLA_POLICY_MAX_LEN(KSSL_CERT_TYPES_MAX),
	[KSSL_A_SETTINGS_CALLBACKS] = NLA_POLICY_MASK(NLA_U32, 0xff),
	[KSSL_A_SETTINGS_CALLBACKS_COOKIE] = { .type = NLA_U64, },
	[KSSL_A_SETTINGS_SNI] = { .type = NLA_NUL_STRING, .len = KSSL_NAME_MAX, },
	[KSSL_A_SETTINGS_ALPN] = NLA_POLICY_MAX_LEN(KSSL_ALPN_MAX),
	[KSSL_A_SETTINGS_GROUPS] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_NUM_TICKETS] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_TICKET_KEYS] = { .type = NLA_BINARY, },
	[KSSL_A_SETTINGS_MAX_EARLY_DATA] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_RECV_MAX_EARLY_DATA] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_QUIET_SHUTDOWN] = NLA_POLICY_MAX(NLA_U8, 1),
	[KSSL_A_SETTINGS_BLOCK_PADDING] = NLA_POLICY_MAX(NLA_U32, 16384),
	[KSSL_A_SETTINGS_MAX_SEND_FRAGMENT] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_SPLIT_SEND_FRAGMENT] = { .type = NLA_U32, },
	[KSSL_A_SETTINGS_MAX_FRAGMENT_LEN] = NLA_POLICY_MAX(NLA_U8, 4),
	[KSSL_A_SETTINGS_SHARE] = NLA_POLICY_MAX(NLA_U8, 1),
	[KSSL_A_SETTINGS_KEEP] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* KSSL_CMD_CTX_NEW - do */
const struct nla_policy kssl_ctx_new_nl_policy[KSSL_A_SETTINGS + 1] = {
	[KSSL_A_SETTINGS] = NLA_POLICY_NESTED(kssl_settings_nl_policy),
};

/* KSSL_CMD_CTX_GET - do */
const struct nla_policy kssl_ctx_get_nl_policy[KSSL_A_ROW + 1] = {
	[KSSL_A_CTX_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_ROW] = { .type = NLA_U32, },
};

/* KSSL_CMD_CTX_SET - do */
const struct nla_policy kssl_ctx_set_nl_policy[KSSL_A_SETTINGS + 1] = {
	[KSSL_A_CTX_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_SETTINGS] = NLA_POLICY_NESTED(kssl_settings_nl_policy),
};

/* KSSL_CMD_CTX_UP_REF - do */
const struct nla_policy kssl_ctx_up_ref_nl_policy[KSSL_A_CTX_ID + 1] = {
	[KSSL_A_CTX_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* KSSL_CMD_CTX_FREE - do */
const struct nla_policy kssl_ctx_free_nl_policy[KSSL_A_CTX_ID + 1] = {
	[KSSL_A_CTX_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* KSSL_CMD_NEW - do */
const struct nla_policy kssl_new_nl_policy[KSSL_A_SETTINGS + 1] = {
	[KSSL_A_CTX_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_SETTINGS] = NLA_POLICY_NESTED(kssl_settings_nl_policy),
};

/* KSSL_CMD_DUP - do */
const struct nla_policy kssl_dup_nl_policy[KSSL_A_ID + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* KSSL_CMD_UP_REF - do */
const struct nla_policy kssl_up_ref_nl_policy[KSSL_A_ID + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* KSSL_CMD_FREE - do */
const struct nla_policy kssl_free_nl_policy[KSSL_A_ID + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* KSSL_CMD_GET - do */
const struct nla_policy kssl_get_nl_policy[KSSL_A_WITH_PEER_CHAIN + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_CTX_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_LABEL] = { .type = NLA_NUL_STRING, .len = KSSL_LABEL_MAX, },
	[KSSL_A_STATE] = NLA_POLICY_MAX(NLA_U32, 4),
	[KSSL_A_UID] = { .type = NLA_U32, },
	[KSSL_A_PEER_ADDR] = NLA_POLICY_MAX_LEN(16),
	[KSSL_A_PEER_PORT] = { .type = NLA_U16, },
	[KSSL_A_ROW] = { .type = NLA_U32, },
	[KSSL_A_WITH_PEER_CHAIN] = { .type = NLA_FLAG, },
	[KSSL_A_FD] = NLA_POLICY_MIN(NLA_S32, 0),
};

/* KSSL_CMD_SET - do */
const struct nla_policy kssl_set_nl_policy[KSSL_A_SETTINGS + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_SETTINGS] = NLA_POLICY_NESTED(kssl_settings_nl_policy),
};

/* KSSL_CMD_CLEAR - do */
const struct nla_policy kssl_clear_nl_policy[KSSL_A_ID + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* KSSL_CMD_BEGIN - do */
const struct nla_policy kssl_begin_nl_policy[KSSL_A_FD + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_FD] = NLA_POLICY_MIN(NLA_S32, 0),
};

/* KSSL_CMD_FAIL - do */
const struct nla_policy kssl_fail_nl_policy[KSSL_A_ID + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* KSSL_CMD_ATTACH - do */
const struct nla_policy kssl_attach_nl_policy[KSSL_A_EXPECT_NO_PAD + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_CTX_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_SETTINGS] = NLA_POLICY_NESTED(kssl_settings_nl_policy),
	[KSSL_A_FD] = NLA_POLICY_MIN(NLA_S32, 0),
	[KSSL_A_VERSION] = { .type = NLA_U16, },
	[KSSL_A_SUITE] = { .type = NLA_U16, },
	[KSSL_A_VERIFY_RESULT] = { .type = NLA_U32, },
	[KSSL_A_TX] = NLA_POLICY_NESTED(kssl_crypto_nl_policy),
	[KSSL_A_RX] = NLA_POLICY_NESTED(kssl_crypto_nl_policy),
	[KSSL_A_ALPN] = NLA_POLICY_MAX_LEN(KSSL_NAME_MAX),
	[KSSL_A_SNI] = { .type = NLA_NUL_STRING, .len = KSSL_NAME_MAX, },
	[KSSL_A_RESUMED] = NLA_POLICY_MAX(NLA_U8, 1),
	[KSSL_A_PEER_CHAIN] = { .type = NLA_BINARY, },
	[KSSL_A_RECORD_LIMIT] = { .type = NLA_U16, },
	[KSSL_A_KEEP_KEY] = { .type = NLA_FLAG, },
	[KSSL_A_ADOPT] = NLA_POLICY_MASK(NLA_U32, 0x3),
	[KSSL_A_EXPECT_NO_PAD] = { .type = NLA_FLAG, },
	[KSSL_A_RIGHTS] = NLA_POLICY_RANGE(NLA_U32, 1, 2),
};

/* KSSL_CMD_SET_CTX - do */
const struct nla_policy kssl_set_ctx_nl_policy[KSSL_A_CTX_ID + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_CTX_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* KSSL_CMD_SESSION_GET - do */
const struct nla_policy kssl_session_get_nl_policy[KSSL_A_ID + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* KSSL_CMD_SET_SHUTDOWN - do */
const struct nla_policy kssl_set_shutdown_nl_policy[KSSL_A_SHUTDOWN + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_SHUTDOWN] = NLA_POLICY_MASK(NLA_U32, 0x3),
};

/* KSSL_CMD_OPEN_FD - do */
const struct nla_policy kssl_open_fd_nl_policy[KSSL_A_RIGHTS + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_CTX_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_RIGHTS] = NLA_POLICY_RANGE(NLA_U32, 1, 2),
};

/* KSSL_CMD_IMPORT - do */
const struct nla_policy kssl_import_nl_policy[KSSL_A_RIGHTS + 1] = {
	[KSSL_A_FD] = NLA_POLICY_MIN(NLA_S32, 0),
	[KSSL_A_RIGHTS] = NLA_POLICY_RANGE(NLA_U32, 1, 2),
};

/* KSSL_CMD_SOCK_FD - do */
const struct nla_policy kssl_sock_fd_nl_policy[KSSL_A_ID + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* KSSL_CMD_ADD_CONTROL - do */
const struct nla_policy kssl_add_control_nl_policy[KSSL_A_CONTROL_RECEIVED + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_CONTROL_SENT] = { .type = NLA_U32, },
	[KSSL_A_CONTROL_RECEIVED] = { .type = NLA_U32, },
};

/* KSSL_CMD_REKEY - do */
const struct nla_policy kssl_rekey_nl_policy[KSSL_A_NO_WAIT + 1] = {
	[KSSL_A_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KSSL_A_DIRECTION] = NLA_POLICY_MASK(NLA_U32, 0x3),
	[KSSL_A_REQUEST_UPDATE] = { .type = NLA_FLAG, },
	[KSSL_A_KEY] = NLA_POLICY_NESTED(kssl_crypto_nl_policy),
	[KSSL_A_NO_WAIT] = { .type = NLA_FLAG, },
};

/* Ops table for kssl */
const struct genl_ops kssl_nl_ops[23] = {
	{
		.cmd		= KSSL_CMD_CTX_NEW,
		.doit		= kssl_nl_ctx_new_doit,
		.policy		= kssl_ctx_new_nl_policy,
		.maxattr	= KSSL_A_SETTINGS,
	},
	{
		.cmd		= KSSL_CMD_CTX_GET,
		.doit		= kssl_nl_ctx_get_doit,
		.dumpit		= kssl_nl_ctx_get_dumpit,
		.policy		= kssl_ctx_get_nl_policy,
		.maxattr	= KSSL_A_ROW,
	},
	{
		.cmd		= KSSL_CMD_CTX_SET,
		.doit		= kssl_nl_ctx_set_doit,
		.policy		= kssl_ctx_set_nl_policy,
		.maxattr	= KSSL_A_SETTINGS,
	},
	{
		.cmd		= KSSL_CMD_CTX_UP_REF,
		.doit		= kssl_nl_ctx_up_ref_doit,
		.policy		= kssl_ctx_up_ref_nl_policy,
		.maxattr	= KSSL_A_CTX_ID,
	},
	{
		.cmd		= KSSL_CMD_CTX_FREE,
		.doit		= kssl_nl_ctx_free_doit,
		.policy		= kssl_ctx_free_nl_policy,
		.maxattr	= KSSL_A_CTX_ID,
	},
	{
		.cmd		= KSSL_CMD_NEW,
		.doit		= kssl_nl_new_doit,
		.policy		= kssl_new_nl_policy,
		.maxattr	= KSSL_A_SETTINGS,
	},
	{
		.cmd		= KSSL_CMD_DUP,
		.doit		= kssl_nl_dup_doit,
		.policy		= kssl_dup_nl_policy,
		.maxattr	= KSSL_A_ID,
	},
	{
		.cmd		= KSSL_CMD_UP_REF,
		.doit		= kssl_nl_up_ref_doit,
		.policy		= kssl_up_ref_nl_policy,
		.maxattr	= KSSL_A_ID,
	},
	{
		.cmd		= KSSL_CMD_FREE,
		.doit		= kssl_nl_free_doit,
		.policy		= kssl_free_nl_policy,
		.maxattr	= KSSL_A_ID,
	},
	{
		.cmd		= KSSL_CMD_GET,
		.doit		= kssl_nl_get_doit,
		.dumpit		= kssl_nl_get_dumpit,
		.policy		= kssl_get_nl_policy,
		.maxattr	= KSSL_A_WITH_PEER_CHAIN,
	},
	{
		.cmd		= KSSL_CMD_SET,
		.doit		= kssl_nl_set_doit,
		.policy		= kssl_set_nl_policy,
		.maxattr	= KSSL_A_SETTINGS,
	},
	{
		.cmd		= KSSL_CMD_CLEAR,
		.doit		= kssl_nl_clear_doit,
		.policy		= kssl_clear_nl_policy,
		.maxattr	= KSSL_A_ID,
	},
	{
		.cmd		= KSSL_CMD_BEGIN,
		.doit		= kssl_nl_begin_doit,
		.policy		= kssl_begin_nl_policy,
		.maxattr	= KSSL_A_FD,
	},
	{
		.cmd		= KSSL_CMD_FAIL,
		.doit		= kssl_nl_fail_doit,
		.policy		= kssl_fail_nl_policy,
		.maxattr	= KSSL_A_ID,
	},
	{
		.cmd		= KSSL_CMD_ATTACH,
		.doit		= kssl_nl_attach_doit,
		.policy		= kssl_attach_nl_policy,
		.maxattr	= KSSL_A_EXPECT_NO_PAD,
	},
	{
		.cmd		= KSSL_CMD_SET_CTX,
		.doit		= kssl_nl_set_ctx_doit,
		.policy		= kssl_set_ctx_nl_policy,
		.maxattr	= KSSL_A_CTX_ID,
	},
	{
		.cmd		= KSSL_CMD_SESSION_GET,
		.doit		= kssl_nl_session_get_doit,
		.policy		= kssl_session_get_nl_policy,
		.maxattr	= KSSL_A_ID,
	},
	{
		.cmd		= KSSL_CMD_SET_SHUTDOWN,
		.doit		= kssl_nl_set_shutdown_doit,
		.policy		= kssl_set_shutdown_nl_policy,
		.maxattr	= KSSL_A_SHUTDOWN,
	},
	{
		.cmd		= KSSL_CMD_OPEN_FD,
		.doit		= kssl_nl_open_fd_doit,
		.policy		= kssl_open_fd_nl_policy,
		.maxattr	= KSSL_A_RIGHTS,
	},
	{
		.cmd		= KSSL_CMD_IMPORT,
		.doit		= kssl_nl_import_doit,
		.policy		= kssl_import_nl_policy,
		.maxattr	= KSSL_A_RIGHTS,
	},
	{
		.cmd		= KSSL_CMD_SOCK_FD,
		.doit		= kssl_nl_sock_fd_doit,
		.policy		= kssl_sock_fd_nl_policy,
		.maxattr	= KSSL_A_ID,
	},
	{
		.cmd		= KSSL_CMD_ADD_CONTROL,
		.doit		= kssl_nl_add_control_doit,
		.policy		= kssl_add_control_nl_policy,
		.maxattr	= KSSL_A_CONTROL_RECEIVED,
	},
	{
		.cmd		= KSSL_CMD_REKEY,
		.doit		= kssl_nl_rekey_doit,
		.policy		= kssl_rekey_nl_policy,
		.maxattr	= KSSL_A_NO_WAIT,
	},
};
