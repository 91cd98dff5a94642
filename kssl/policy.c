// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: policy
 *
 * What the settings of a connection say of what was negotiated: versions,
 * suites, the peer's certificate. Nothing is changed, and no lock is needed,
 * as the settings are immutable.
 */

#include <linux/bits.h>

#include <net/tls.h>

#include "callback.h"
#include "policy.h"
#include "reason.h"
#include "settings.h"
#include "suite.h"

static int check_version(const struct kssl_settings *settings, u16 version,
			 struct kssl_reason *why)
{
	u64 options = kssl_settings_num(settings, KSSL_ROW_OPTIONS);
	u64 min = kssl_settings_num(settings, KSSL_ROW_MIN_PROTO);
	u64 max = kssl_settings_num(settings, KSSL_ROW_MAX_PROTO);
	const char *text = NULL;
	u64 disabled;

	if (version != TLS_1_2_VERSION && version != TLS_1_3_VERSION)
		return kssl_refuse(why, -EINVAL, KSSL_A_VERSION,
				   "net/tls does not have this TLS version");
	disabled = version == TLS_1_2_VERSION ? KSSL_OP_NO_TLSV1_2 :
		KSSL_OP_NO_TLSV1_3;
	if (min && version < min)
		text = "the TLS version is below min-proto";
	else if (max && version > max)
		text = "the TLS version is above max-proto";
	else if (options & disabled)
		text = "an option disables the TLS version";
	return text ? kssl_refuse(why, -EPERM, KSSL_A_VERSION, text) : 0;
}

/* Bits of a suite's key by security level (SSL_CTX_set_security_level(3)). */
static const u16 level_bits[] = { 0, 80, 112, 128, 192, 256 };

#define LEVEL_FORWARD_SECRET	3

static int check_level(const struct kssl_settings *settings,
		       const struct kssl_suite *suite, struct kssl_reason *why)
{
	u64 level = kssl_settings_num(settings, KSSL_ROW_SECURITY_LEVEL);
	const char *text = NULL;

	if (kssl_suite_bits(suite) < level_bits[level])
		text = "the cipher suite is below security-level";
	else if (suite->static_key && level >= LEVEL_FORWARD_SECRET)
		text = "security-level wants forward secrecy";
	return text ? kssl_refuse(why, -EPERM, KSSL_A_SUITE, text) : 0;
}

static int check_suite(const struct kssl_settings *settings,
		       const struct kssl_attach_params *params,
		       const struct kssl_suite *suite, struct kssl_reason *why)
{
	enum kssl_row_id list;

	if (!suite)
		return kssl_refuse(why, -EOPNOTSUPP, KSSL_A_SUITE,
				   "net/tls cannot carry this cipher suite");
	if (suite->version != params->version)
		return kssl_refuse(why, -EINVAL, KSSL_A_SUITE,
				   "not a cipher suite of this TLS version");
	list = suite->version == TLS_1_3_VERSION ? KSSL_ROW_CIPHERSUITES :
		KSSL_ROW_CIPHER_LIST;
	if (!kssl_settings_has_suite(settings, list, suite->code))
		return kssl_refuse(why, -EPERM, KSSL_A_SUITE,
				   "the settings do not list the cipher suite");
	return check_level(settings, suite, why);
}

/* Without a result, the peer has shown no certificate. */
static int check_verified(const struct kssl_settings *settings,
			  const struct kssl_attach_params *params,
			  struct kssl_reason *why)
{
	u64 verify = kssl_settings_num(settings, KSSL_ROW_VERIFY_MODE);

	if (!(verify & KSSL_VERIFY_PEER))
		return 0;
	if (params->verified) {
		if (!params->verify_result)
			return 0;
		return kssl_refuse(why, -EPERM, KSSL_A_VERIFY_RESULT,
				   "the peer's certificate is not good");
	}
	/* A server always shows one; of its clients that is a wish. */
	if (kssl_settings_role(settings) == KSSL_ROLE_SERVER &&
	    !(verify & KSSL_VERIFY_FAIL_IF_NO_PEER_CERT))
		return 0;
	return kssl_refuse(why, -EPERM, KSSL_A_VERIFY_RESULT,
			   "verify-mode wants a verify result");
}

/**
 * kssl_policy_check - do the settings permit an attach
 * @settings: those of the connection
 * @params: what was negotiated
 * @suite: its suite, or NULL if net/tls cannot carry that
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: may sleep.
 * Return: 0; -EPERM the settings forbid it; -EINVAL a version or suite that
 * cannot be; -EOPNOTSUPP no suite; as kssl_callbacks_check() and
 * kssl_settings_check_keys().
 */
int kssl_policy_check(const struct kssl_settings *settings,
		      const struct kssl_attach_params *params,
		      const struct kssl_suite *suite, struct kssl_reason *why)
{
	int err;

	if (kssl_settings_role(settings) == KSSL_ROLE_UNSET)
		return kssl_refuse_nested(why, -EPERM, KSSL_A_SETTINGS,
					  KSSL_A_SETTINGS_ROLE,
					  "the role is unset");
	err = kssl_callbacks_check(settings, why);
	if (!err)
		err = check_version(settings, params->version, why);
	if (!err)
		err = check_suite(settings, params, suite, why);
	if (!err)
		err = check_verified(settings, params, why);
	return err ?: kssl_settings_check_keys(settings, why);
}
