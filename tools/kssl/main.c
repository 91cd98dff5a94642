// SPDX-License-Identifier: GPL-2.0-only
/*
 * kssl - show and manage TLS connections that are kernel objects
 */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "args.h"
#include "batch.h"
#include "command.h"
#include "error.h"
#include "netns.h"
#include "out.h"
#include "session.h"

struct options {
	bool json;
	bool pretty;
	bool all;
	bool force;
	bool help;
	bool version;
	const char *netns;
	const char *batch;
};

static const struct option long_options[] = {
	{ "Version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "settings", no_argument, NULL, 's' },
	{ "netns", required_argument, NULL, 'n' },
	{ "batch", required_argument, NULL, 'b' },
	{ "force", no_argument, NULL, 'f' },
	{ NULL, 0, NULL, 0 },
};

static void take_option(struct options *options, int option)
{
	switch (option) {
	case 'V':
		options->version = true;
		break;
	case 'h':
		options->help = true;
		break;
	case 'j':
		options->json = true;
		break;
	case 'p':
		options->pretty = true;
		break;
	case 's':
		options->all = true;
		break;
	case 'n':
		options->netns = optarg;
		break;
	case 'b':
		options->batch = optarg;
		break;
	case 'f':
		options->force = true;
		break;
	}
}

/* Options come first; what a program that is run gets is its own. */
static int parse_options(int argc, char **argv, struct options *options)
{
	int option;

	for (;;) {
		option = getopt_long_only(argc, argv, "+Vhjpsn:b:",
					  long_options, NULL);
		if (option == -1)
			return 0;
		if (option == '?')
			return EXIT_USAGE;
		take_option(options, option);
	}
}

static int run(const struct options *options, char **words)
{
	struct session session = { .all = options->all };
	struct args args = { .word = words };
	int ret = 0;

	if (options->netns)
		ret = netns_enter(options->netns);
	if (ret)
		return ret;
	if (options->batch)
		ret = batch_run(&session, options->batch, options->force);
	else
		ret = command_any(&session, &args);
	session_end(&session);
	return ret;
}

int main(int argc, char **argv)
{
	struct options options = { .json = false };
	int ret;

	if (parse_options(argc, argv, &options))
		return EXIT_USAGE;
	if (options.version) {
		puts("kssl " VERSION);
		return 0;
	}
	if (options.help) {
		command_usage();
		return 0;
	}
	if (options.batch && argv[optind])
		return usage_error("\"%s\" is not expected beside -b",
				   argv[optind]);
	if (!options.batch && !argv[optind])
		return usage_error("an object is missing, see \"kssl help\"");

	out_setup(options.json, options.pretty);
	ret = run(&options, argv + optind);
	if (fflush(stdout) || ferror(stdout))
		return system_error(0, "cannot print");
	return ret;
}
