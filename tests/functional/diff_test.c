// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The same done to OpenSSL's objects and to kssl's: each setting on a context
 * and on a connection, then new, dup and set_ctx, and what both have then is
 * compared, wherever OpenSSL lets one look. The differences that are meant
 * are listed with their reasons; one that does not occur is a failure, too.
 */
#include <errno.h>

#include <kssl/kssl.h>

#include "../lib/tap.h"
#include "diff_settings.h"

static struct kssl_client *client;

/* --- stages -------------------------------------------------------------- */

/*
 * What is done before a setting is read, one character a step:
 *   a b  sample A or B on the context
 *   n    new
 *   A B  sample A or B on the connection
 *   S    a session on the connection
 *   2    dup, and go on with the new connection
 *   o    sample A on the connection that was duplicated
 *   x    set_ctx to another context, which has sample B
 */
struct stage {
	const char *name;
	const char *steps;
	int of_ctx;	/* the context is read, not the connection */
};

static const struct stage stages[] = {
	{ "default of ctx", "", 1 },
	{ "default", "n", 0 },
	{ "ctx", "a", 1 },
	{ "new", "an", 0 },
	{ "ctx after new", "anb", 0 },
	{ "conn", "anB", 0 },
	{ "ctx of conn", "anB", 1 },
	{ "dup", "nB2", 0 },
	{ "dup over ctx", "anB2", 0 },
	{ "dup after ctx", "anb2", 0 },
	{ "original after dup", "nB2o", 0 },
	{ "dup with session", "nSB2o", 0 },
	{ "set-ctx", "anx", 0 },
	{ "set-ctx of conn", "anBx", 0 },
};

/* The same objects on both sides. */
struct objects {
	SSL_CTX *ctx;
	SSL_CTX *other_ctx;
	SSL *s;
	SSL *original;
	struct kssl_ctx *k_ctx;
	struct kssl_ctx *other_k_ctx;
	struct kssl *k;
	struct kssl *k_original;
};

static int collect(const struct setting *setting, enum sample i,
		   struct kssl_settings **rows)
{
	*rows = kssl_settings_new();
	return *rows && setting->collect(*rows, i);
}

static int set_ctx(const struct setting *setting, SSL_CTX *ctx,
		   struct kssl_ctx *k_ctx, enum sample i)
{
	struct kssl_settings *rows;
	int ok = collect(setting, i, &rows) && kssl_ctx_set(k_ctx, rows);

	setting->set_ctx(ctx, i);
	kssl_settings_free(rows);
	return ok;
}

static int set_conn(const struct setting *setting, SSL *s, struct kssl *k,
		    enum sample i)
{
	struct kssl_settings *rows;
	int ok = collect(setting, i, &rows) && kssl_set(k, rows);

	setting->set(s, i);
	kssl_settings_free(rows);
	return ok;
}

static int set_session(struct objects *o)
{
	struct value v = { .len = 0 };

	put_session(&v, sessions[A]);
	return SSL_set_session(o->s, sessions[A]) &&
	       kssl_set_session(o->k, v.data, v.len);
}

static int duplicate(struct objects *o)
{
	o->original = o->s;
	o->k_original = o->k;
	o->s = SSL_dup(o->original);
	o->k = kssl_dup(o->k_original);
	return o->s && o->k && o->s != o->original && o->k != o->k_original;
}

static int switch_ctx(const struct setting *setting, struct objects *o)
{
	o->other_ctx = SSL_CTX_new(TLS_method());
	o->other_k_ctx = kssl_ctx_new(client, KSSL_METHOD_EITHER);
	return set_ctx(setting, o->other_ctx, o->other_k_ctx, B) &&
	       SSL_set_SSL_CTX(o->s, o->other_ctx) == o->other_ctx &&
	       kssl_set_ctx(o->k, o->other_k_ctx);
}

static int do_step(const struct setting *setting, struct objects *o, char step)
{
	switch (step) {
	case 'a':
		return set_ctx(setting, o->ctx, o->k_ctx, A);
	case 'b':
		return set_ctx(setting, o->ctx, o->k_ctx, B);
	case 'n':
		o->s = SSL_new(o->ctx);
		o->k = kssl_new(o->k_ctx);
		return o->s && o->k;
	case 'A':
		return set_conn(setting, o->s, o->k, A);
	case 'B':
		return set_conn(setting, o->s, o->k, B);
	case 'S':
		return set_session(o);
	case '2':
		return duplicate(o);
	case 'o':
		return set_conn(setting, o->original, o->k_original, A);
	case 'x':
		return switch_ctx(setting, o);
	}
	return 0;
}

static int do_steps(const struct setting *setting, const char *steps,
		    struct objects *o)
{
	memset(o, 0, sizeof(*o));
	o->ctx = SSL_CTX_new(TLS_method());
	o->k_ctx = kssl_ctx_new(client, KSSL_METHOD_EITHER);
	for (; *steps; steps++)
		if (!do_step(setting, o, *steps))
			return 0;
	return 1;
}

static void objects_free(struct objects *o)
{
	SSL_free(o->original);
	SSL_free(o->s);
	SSL_CTX_free(o->other_ctx);
	SSL_CTX_free(o->ctx);
	kssl_free(o->k_original);
	kssl_free(o->k);
	kssl_ctx_free(o->other_k_ctx);
	kssl_ctx_free(o->k_ctx);
}

/* Whether OpenSSL has all that a stage needs of a setting. */
static int applies(const struct setting *setting, const struct stage *stage)
{
	if (strpbrk(stage->steps, "abx") && !setting->set_ctx)
		return 0;
	if (strpbrk(stage->steps, "ABo") && !setting->set)
		return 0;
	return stage->of_ctx ? !!setting->get_ctx : !!setting->get;
}

static int read_kssl(const struct setting *setting, const struct stage *stage,
		     struct objects *o, struct value *v)
{
	struct value raw = { .len = 0 };
	void *data = NULL;
	ssize_t n = 0;
	size_t len;
	int ok = 1;

	if (setting->attr == KSSL_A_SETTINGS_SESSION) {
		n = kssl_get_session(o->k, raw.data, sizeof(raw.data));
		raw.len = n > 0 ? n : 0;
	} else {
		ok = stage->of_ctx ?
			kssl_ctx_get_row(o->k_ctx, setting->attr, &data,
					 &len) :
			kssl_get_row(o->k, setting->attr, &data, &len);
		if (ok)
			put(&raw, data, len);
		free(data);
	}
	normalise(v, setting->kind, &raw);
	return ok && n >= 0;
}

/* --- differences --------------------------------------------------------- */

/* Stages are separated by commas. */
struct difference {
	const char *setting;
	const char *stages;
	const char *why;
};

#define MERGED "SSL_dup lets the context's value win"
#define SHARED "with a session, SSL_dup shares the certificates"
#define LOOKED_UP "an SSL looks its context's list up"
#define ALL_DUPS "dup,dup over ctx,dup after ctx,original after dup," \
	"dup with session"

static const struct difference differences[] = {
	{ "verify-flags", "dup over ctx,dup after ctx",
	  "SSL_dup adds the context's flags" },
	{ "verify-hosts", "dup over ctx,dup after ctx", MERGED },
	{ "verify-host-flags", "dup over ctx,dup after ctx", MERGED },
	{ "verify-email", "dup over ctx,dup after ctx", MERGED },
	{ "verify-ip", "dup over ctx,dup after ctx", MERGED },
	{ "verify-time", "dup over ctx,dup after ctx", MERGED },
	{ "verify-auth-level", "dup over ctx,dup after ctx", MERGED },
	{ "trust-anchors", "dup with session", SHARED },
	{ "certificate", "dup with session", SHARED },
	{ "certificate-current", "dup with session", SHARED },
	{ "private-key", "dup with session", SHARED },
	{ "chain", "dup with session", SHARED },
	{ "sigalgs", "dup with session", SHARED },
	{ "security-level", "dup with session", SHARED },
	{ "timeout", "new,ctx after new,dup after ctx,set-ctx",
	  "an SSL has no timeout" },
	{ "dane-enabled", "new,ctx after new,dup after ctx,set-ctx",
	  "a context enables DANE for its connections" },
	{ "dane-enabled",
	  "dup,dup over ctx,original after dup,dup with session",
	  "SSL_dup forgets DANE without records" },
	{ "dane-flags", "dup over ctx,dup after ctx",
	  "SSL_dup forgets DANE without records" },
	{ "cipher-list", "default of ctx,default", "what net/tls can carry" },
	{ "cipher-list", "ctx after new,dup after ctx,set-ctx", LOOKED_UP },
	{ "ciphersuites", "ctx after new,dup after ctx,set-ctx", LOOKED_UP },
	{ "ciphersuites beside a list", ALL_DUPS,
	  "SSL_dup forgets the suites of TLS 1.3" },
	{ "ca-list", "ctx after new,dup after ctx,set-ctx", LOOKED_UP },
	{ "client-ca-list", "ctx after new,dup after ctx,set-ctx", LOOKED_UP },
	{ "ex-data", "new,ctx after new,dup after ctx,set-ctx",
	  "new inherits the context's" },
	{ "role", "default", "an SSL is a server until told otherwise" },
	{ "sigalgs", "default", "none stands for the library's own" },
	{ "groups", "default,dup,original after dup,dup with session",
	  "none stands for the library's own" },
};

static const char *expected_difference(const char *setting, const char *stage)
{
	const struct difference *d;
	size_t i, len = strlen(stage);
	const char *at;

	for (i = 0; i < sizeof(differences) / sizeof(*differences); i++) {
		d = &differences[i];
		if (strcmp(d->setting, setting))
			continue;
		for (at = d->stages; at; at = strchr(at, ',')) {
			at += *at == ',';
			if (!strncmp(at, stage, len) &&
			    (!at[len] || at[len] == ','))
				return d->why;
		}
	}
	return NULL;
}

static void show(const char *what, const struct value *v)
{
	size_t i;

	printf("# %s:", what);
	for (i = 0; i < v->len && i < 24; i++)
		printf(" %02x", v->data[i]);
	printf("%s (%zu)\n", v->len > i ? " ..." : "", v->len);
}

static int same_value(const struct value *a, const struct value *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static void compare(const struct setting *setting, const struct stage *stage)
{
	const char *why = expected_difference(setting->name, stage->name);
	struct value openssl = { .len = 0 }, kssl = { .len = 0 };
	struct objects o;
	int same, ok;

	ok = do_steps(setting, stage->steps, &o);
	ok = ok && read_kssl(setting, stage, &o, &kssl);
	if (!ok)
		printf("# kssl: %s (%s)\n", kssl_error_text(),
		       kssl_error_attr());
	else if (stage->of_ctx)
		setting->get_ctx(&openssl, o.ctx);
	else
		setting->get(&openssl, o.s);
	objects_free(&o);
	same = same_value(&openssl, &kssl);
	if (!check_that(ok && same == !why, "%s, %s: %s%s", setting->name,
			stage->name, why ? "different, " : "the same",
			why ? why : "")) {
		show("OpenSSL", &openssl);
		show("kssl", &kssl);
	}
	ERR_clear_error();
}

/* What OpenSSL has after some steps, of its context if it tells that. */
static struct value read_openssl(const struct setting *setting,
				 const char *steps)
{
	struct value v = { .len = 0 };
	struct objects o;

	if (!do_steps(setting, steps, &o))
		printf("# kssl: %s\n", kssl_error_text());
	else if (o.s)
		setting->get(&v, o.s);
	else
		setting->get_ctx(&v, o.ctx);
	objects_free(&o);
	return v;
}

/* Samples that change nothing would make all comparisons worthless. */
static void check_samples(const struct setting *setting)
{
	int of_ctx = setting->set_ctx && setting->get_ctx;
	const char *none = of_ctx ? "" : "n";
	const char *with_a = of_ctx ? "a" : setting->set ? "nA" : "an";
	const char *with_b = of_ctx ? "b" : setting->set ? "nB" : "bn";
	struct value v = read_openssl(setting, none);
	struct value a = read_openssl(setting, with_a);
	struct value b = read_openssl(setting, with_b);

	check_that(!same_value(&v, &a) || !same_value(&v, &b),
		   "%s: the samples are seen in OpenSSL", setting->name);
}

static void test_settings(void)
{
	size_t i, j;

	for (i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		check_samples(&settings[i]);
		for (j = 0; j < sizeof(stages) / sizeof(*stages); j++)
			if (applies(&settings[i], &stages[j]))
				compare(&settings[i], &stages[j]);
	}
}

/* A difference of a stage that there is not would never be missed. */
static void test_differences(void)
{
	const struct difference *d;
	size_t i, j, k, found;
	const char *at;

	for (i = 0; i < sizeof(differences) / sizeof(*differences); i++) {
		d = &differences[i];
		found = 0;
		for (j = 0; j < sizeof(settings) / sizeof(*settings); j++)
			for (k = 0; k < sizeof(stages) / sizeof(*stages); k++)
				if (!strcmp(settings[j].name, d->setting) &&
				    applies(&settings[j], &stages[k]) &&
				    expected_difference(d->setting,
							stages[k].name) ==
				    d->why)
					found++;
		for (at = d->stages; at; at = strchr(at, ',')) {
			at += *at == ',';
			found--;
		}
		check_that(!found, "%s: each stage that is listed exists",
			   d->setting);
	}
}

/* --- what makes no sense ------------------------------------------------- */

/* What OpenSSL does with it. */
enum outcome {
	REFUSED,
	STORED,
	IGNORED,	/* it says that it was set, and it was not */
	LOST,		/* it says no, and what there was is gone */
};

/**
 * struct nonsense - a value that kssl refuses
 * @setting: of what
 * @what: the value
 * @outcome: OpenSSL's answer
 * @of_ctx: it is set on a context
 * @set: sets it in OpenSSL; 1 or 0
 * @collect: collects it for kssl
 */
struct nonsense {
	const char *setting;
	const char *what;
	enum outcome outcome;
	int of_ctx;
	int (*set)(SSL_CTX *ctx, SSL *s);
	int (*collect)(struct kssl_settings *rows);
};

#define NONSENSE(name, openssl, kssl)					\
static int set_##name(SSL_CTX *ctx, SSL *s)				\
{									\
	(void)ctx, (void)s;						\
	return openssl;							\
}									\
static int collect_##name(struct kssl_settings *rows)			\
{									\
	return kssl;							\
}

static char long_name[257];
static const uint16_t old_suite = 0xc02f;

NONSENSE(max_below_min,
	 SSL_set_min_proto_version(s, TLS1_2_VERSION) &&
	 SSL_set_max_proto_version(s, TLS1_1_VERSION),
	 kssl_settings_min_proto(rows, 0x0303) &&
	 kssl_settings_max_proto(rows, 0x0302))
NONSENSE(version, SSL_set_min_proto_version(s, 0x0305),
	 kssl_settings_min_proto(rows, 0x0305))
NONSENSE(dtls, SSL_set_min_proto_version(s, DTLS1_2_VERSION),
	 kssl_settings_min_proto(rows, DTLS1_2_VERSION))
NONSENSE(level, (SSL_set_security_level(s, 77), 1),
	 kssl_settings_security_level(rows, 77))
NONSENSE(verify_bits, (SSL_set_verify(s, 0xffff, NULL), 1),
	 kssl_settings_verify_mode(rows, 0xffff))
NONSENSE(no_peer, (SSL_set_verify(s, SSL_VERIFY_CLIENT_ONCE, NULL), 1),
	 kssl_settings_verify_mode(rows, KSSL_VERIFY_CLIENT_ONCE))
NONSENSE(depth, (SSL_set_verify_depth(s, -7), 1),
	 kssl_settings_verify_depth(rows, -7))
NONSENSE(option, (SSL_set_options(s, 1ULL << 60), 1),
	 kssl_settings_options(rows, 1ULL << 60, 1ULL << 60))
NONSENSE(mode_bit, (SSL_set_mode(s, 1 << 15), 1),
	 kssl_settings_mode(rows, 1 << 15, 1 << 15))
NONSENSE(past, (SSL_CTX_set_timeout(ctx, -5), 1),
	 kssl_settings_timeout(rows, -5))
NONSENSE(flag, X509_VERIFY_PARAM_set_flags(SSL_get0_param(s), 1 << 30),
	 kssl_settings_verify_flags(rows, 1 << 30))
NONSENSE(host_flag, (SSL_set_hostflags(s, 1 << 30), 1),
	 kssl_settings_verify_host_flags(rows, 1 << 30))
NONSENSE(auth_level,
	 (X509_VERIFY_PARAM_set_auth_level(SSL_get0_param(s), 77), 1),
	 kssl_settings_verify_auth_level(rows, 77))
NONSENSE(time, (X509_VERIFY_PARAM_set_time(SSL_get0_param(s), -5), 1),
	 kssl_settings_verify_time(rows, -5))
NONSENSE(no_cipher, SSL_set_cipher_list(s, "no-such-cipher"),
	 kssl_settings_cipher_list(rows, NULL, 0))
NONSENSE(no_suite, SSL_set_ciphersuites(s, "TLS_NO_SUCH_SUITE"),
	 kssl_settings_ciphersuites(rows, &old_suite, 1))
NONSENSE(host, SSL_set_tlsext_host_name(s, long_name),
	 kssl_settings_sni(rows, long_name))
NONSENSE(der, SSL_use_certificate_ASN1(s, (const uint8_t *)"abc", 3),
	 kssl_settings_certificate(rows, KSSL_CERT_SLOT_ECC, "abc", 3))

#define BAD(name)	.set = set_##name, .collect = collect_##name

static const struct nonsense nonsenses[] = {
	{ "max-proto", "below min-proto", STORED, BAD(max_below_min) },
	{ "min-proto", "TLS 1.4", REFUSED, BAD(version) },
	{ "min-proto", "DTLS", IGNORED, BAD(dtls) },
	{ "security-level", "77", STORED, BAD(level) },
	{ "verify-mode", "0xffff", STORED, BAD(verify_bits) },
	{ "verify-mode", "bits that need peer", STORED, BAD(no_peer) },
	{ "verify-depth", "-7", STORED, BAD(depth) },
	{ "options", "bit 60", STORED, BAD(option) },
	{ "mode", "bit 15", STORED, BAD(mode_bit) },
	{ "timeout", "-5", STORED, .of_ctx = 1, BAD(past) },
	{ "verify-flags", "bit 30", STORED, BAD(flag) },
	{ "verify-host-flags", "bit 30", STORED, BAD(host_flag) },
	{ "verify-auth-level", "77", STORED, BAD(auth_level) },
	{ "verify-time", "-5", STORED, BAD(time) },
	{ "cipher-list", "none that there is", LOST, BAD(no_cipher) },
	{ "ciphersuites", "none that there is", REFUSED, BAD(no_suite) },
	{ "sni", "256 bytes", LOST, BAD(host) },
	{ "certificate", "no DER", REFUSED, BAD(der) },
};

static const struct setting *find_setting(const char *name)
{
	const struct setting *setting = settings;

	while (strcmp(setting->name, name))
		setting++;
	return setting;
}

static enum outcome try_openssl(const struct setting *setting,
				const struct nonsense *bad,
				struct objects *o)
{
	struct value before = { .len = 0 }, after = { .len = 0 };
	int ok;

	if (bad->of_ctx)
		setting->get_ctx(&before, o->ctx);
	else
		setting->get(&before, o->s);
	ok = bad->set(o->ctx, o->s);
	if (bad->of_ctx)
		setting->get_ctx(&after, o->ctx);
	else
		setting->get(&after, o->s);
	if (same_value(&before, &after))
		return ok ? IGNORED : REFUSED;
	return ok ? STORED : LOST;
}

static int kssl_refuses(const struct setting *setting,
			const struct nonsense *bad, struct objects *o)
{
	const struct stage stage = { .of_ctx = bad->of_ctx };
	struct value before = { .len = 0 }, after = { .len = 0 };
	struct kssl_settings *rows = kssl_settings_new();
	int ok, err;

	ok = rows && bad->collect(rows) &&
	     read_kssl(setting, &stage, o, &before);
	ok = ok && !(bad->of_ctx ? kssl_ctx_set(o->k_ctx, rows) :
		     kssl_set(o->k, rows));
	err = kssl_errno();
	kssl_settings_free(rows);
	/* ERANGE is what netlink itself says of a number above a maximum. */
	return ok && (err == EINVAL || err == ERANGE) && *kssl_error_text() &&
	       read_kssl(setting, &stage, o, &after) &&
	       same_value(&before, &after);
}

static void test_nonsense(void)
{
	static const char * const answers[] = {
		[REFUSED] = "refuses", [STORED] = "stores",
		[IGNORED] = "ignores", [LOST] = "loses what there was at",
	};
	const struct setting *setting;
	const struct nonsense *bad;
	struct objects o;
	size_t i;
	int ok;

	memset(long_name, 'x', sizeof(long_name) - 1);
	for (i = 0; i < sizeof(nonsenses) / sizeof(*nonsenses); i++) {
		bad = &nonsenses[i];
		setting = find_setting(bad->setting);
		ok = do_steps(setting, bad->of_ctx ? "a" : "nA", &o);
		check_that(ok && try_openssl(setting, bad, &o) ==
			   bad->outcome, "%s: OpenSSL %s %s", bad->setting,
			   answers[bad->outcome], bad->what);
		check_that(ok && kssl_refuses(setting, bad, &o),
			   "%s: kssl refuses %s", bad->setting, bad->what);
		objects_free(&o);
		ERR_clear_error();
	}
}

int main(void)
{
	/* The defaults of OpenSSL and not those of this machine. */
	setenv("OPENSSL_CONF", "/dev/null", 1);
	client = kssl_client_new();
	if (!check(client)) {
		printf("# %s\n", kssl_error_text());
		return tap_done();
	}
	if (check(make_samples())) {
		test_settings();
		test_differences();
		test_nonsense();
	}
	free_samples();
	kssl_client_free(client);
	return tap_done();
}
