// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * main.c: the command table, and the options that every command shares.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "complete.h"
#include "user/base/log.h"
#include "user/base/nearest.h"
#include "user/daemon/confine.h"
#include "user/state/instance.h"

/* The parts of the command line apart from the command and its own arguments. */
struct line {
	struct globals globals;
	bool help;
	bool version;
};

static const struct arg global_args[] = {
	{ "--config", 0, ARG_TEXT, offsetof(struct line, globals.config_path), "FILE", 0, 0,
	  "configuration file ($ANYDOOR_CONFIG, or else " CONFIG_DEFAULT ")" },
	{ "--name", 0, ARG_TEXT, offsetof(struct line, globals.instance), "INSTANCE", 0, 0,
	  "name of the instance ($ANYDOOR_NAME, or else \"" INSTANCE_DEFAULT "\")" },
	{ "--json", 0, ARG_FLAG, offsetof(struct line, globals.json), NULL, 0, 0,
	  "answer in JSON, for programs" },
	{ "--verbose", 'v', ARG_FLAG, offsetof(struct line, globals.verbose), NULL, 0, 0,
	  "say more on stderr" },
	{ "--help", 'h', ARG_FLAG, offsetof(struct line, help), NULL, 0, 0,
	  "say how a command is used" },
	{ "--version", 0, ARG_FLAG, offsetof(struct line, version), NULL, 0, 0,
	  "print the version, as the command version does" },
	{ NULL }
};

static const struct arg help_args[] = {
	{ "COMMAND", 0, ARG_WORD, 0, NULL, 0, 0, "command to say more of" }, { NULL }
};

static int cmd_help(const struct globals *globals, int argc, char **argv);
static int cmd_complete(const struct globals *globals, int argc, char **argv);

static const struct command commands[] = {
	{ "status", cmd_status, "", "say how this instance is doing (also without a command)",
	  NULL },
	{ "flows", cmd_flows, "[OPTIONS]",
	  "list the TCP flows that this node knows, and who owns them", cmd_flows_args },
	{ "stats", cmd_stats, "[OPTIONS]", "print every counter, with what it means",
	  cmd_stats_args },
	{ "pops", cmd_pops, "", "list POPs and nodes of the fleet, and the traffic between them",
	  NULL },
	{ "pop", cmd_pop, "POP up|down|drain|shed N%|auto",
	  "say what part of steered names' clients a POP gets", cmd_pop_args },
	{ "bus", cmd_bus, "[init|forget NODE] [OPTIONS]",
	  "list who is on the bus between nodes, make its bucket, or forget a node", cmd_bus_args },
	{ "history", cmd_history, "[NODE|POP]", "list what operators said to the fleet by the bus",
	  cmd_history_args },
	{ "catchment", cmd_catchment, "[OPTIONS]",
	  "list regions, ASes or networks of the clients that land here", cmd_catchment_args },
	{ "geo", cmd_geo, "suspects", "list networks of which the geo databases may be wrong",
	  cmd_geo_args },
	{ "rtt", cmd_rtt, "",
	  "list round-trip times of regions to POPs, and what follows from them", NULL },
	{ "zones", cmd_zones, "", "list the DNS zones that are served", NULL },
	{ "variants", cmd_variants, "ZONE --dir DIR [OPTIONS]",
	  "write what is to be signed of a zone with steered names", cmd_variants_args },
	{ "query", cmd_query, "NAME [TYPE] [OPTIONS]", "ask the DNS engine without the network",
	  cmd_query_args },
	{ "explain", cmd_explain, "ADDRESS NAME [TYPE] | CLIENT:PORT VIP:PORT [OPTIONS]",
	  "say what a client is answered, or who owns a flow, and each step of why",
	  cmd_explain_args },
	{ "trace", cmd_trace, "[OPTIONS]",
	  "show packets and queries as they leave the data path, and why; root only",
	  cmd_trace_args },
	{ "drain", cmd_drain, "[NODE|POP] [OPTIONS]",
	  "send new flows to other nodes, let old ones end here", cmd_drain_args },
	{ "undrain", cmd_undrain, "[NODE|POP] [OPTIONS]", "end a drain: take new flows again",
	  cmd_undrain_args },
	{ "reload", cmd_reload, "", "read configuration and zones again", NULL },
	{ "check", cmd_check, "[OPTIONS]", "check configuration, zones and host; change nothing",
	  cmd_check_args },
	{ "doctor", cmd_doctor, "[OPTIONS]",
	  "look for what bites in production, say how to mend it; exit codes: 0 well, 1 warning, "
	  "2 critical, 3 unknown",
	  cmd_doctor_args },
	{ "keys", cmd_keys, "[rotate] [OPTIONS]",
	  "say which tunnel key each node uses, or lead all to the next one", cmd_keys_args },
	{ "keygen", cmd_keygen, "FILE", "make the key file of a fleet", cmd_keygen_args },
	{ "run", cmd_run, "[OPTIONS]", "run the daemon: load or adopt the data path, and tend it",
	  cmd_run_args },
	{ "detach", cmd_detach, "[OPTIONS]", "take the data path off the interfaces",
	  cmd_detach_args },
	{ "exabgp", cmd_exabgp, "[OPTIONS]",
	  "tell ExaBGP, which runs this, what to announce (bgp.driver: exabgp)", cmd_exabgp_args },
	{ "version", cmd_version, "", "print the versions of program, ABI, libraries and kernel",
	  NULL },
	{ "complete", cmd_complete, "-- [WORD...]",
	  "list what the last word of a command line may become: shells ask this", NULL },
	{ "help", cmd_help, "[COMMAND]", "list the commands, or say how one is used", help_args },
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int command_unknown(const char *name)
{
	struct nearest near = { .word = name };

	for (size_t i = 0; i < NR_COMMANDS; i++)
		nearest_offer(&near, commands[i].name);
	if (near.best)
		log_err("no command '%s': did you mean '%s'?", name, near.best);
	else
		log_err("no command '%s': `anydoor help` lists them", name);
	return EXIT_USAGE;
}

static void help_all(void)
{
	puts("anydoor: DNS answered in the kernel, TCP flows kept with their POP\n\n"
	     "usage: anydoor [COMMAND] [OPTIONS]\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		printf("  %-10s%s\n", commands[i].name, commands[i].help);
	puts("\nwith every command:");
	args_print_help(global_args, stdout);
	puts("\nexit codes: 0 ok, 1 failed, 2 usage or configuration, 3 not loaded, 4 degraded,\n"
	     "            75 try again");
}

static void help_one(const struct command *command)
{
	printf("usage: anydoor %s%s%s\n\n%s\n", command->name, *command->words ? " " : "",
	       command->words, command->help);
	if (command->args) {
		putchar('\n');
		args_print_help(command->args, stdout);
	}
	puts("\n--config FILE, --name INSTANCE, --json and -v: see `anydoor help`");
}

static int cmd_help(const struct globals *globals, int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		help_all();
		return EXIT_OK;
	}
	command = command_find(argv[1]);
	if (!command)
		return command_unknown(argv[1]);
	help_one(command);
	return EXIT_OK;
}

static int cmd_complete(const struct globals *globals, int argc, char **argv)
{
	struct line line = { .globals = *globals };
	struct complete complete = { .commands = commands,
				     .nr_commands = NR_COMMANDS,
				     .global_args = global_args,
				     .globals = &line.globals };

	if (argc < 2 || strcmp(argv[1], "--")) {
		log_err("write `anydoor complete -- WORD...`: \"\" as the last word for one that "
			"begins");
		return EXIT_USAGE;
	}
	complete_take(&complete, argc - 2, argv + 2, &line);
	complete_print(&complete);
	complete_end(&complete);
	return EXIT_OK;
}

/* An empty variable counts as none. */
static const char *from_env(const char *variable, const char *fallback)
{
	const char *value = getenv(variable);

	return value && *value ? value : fallback;
}

static int line_parse(struct line *line, int *argc, char **argv)
{
	line->globals.config_path = from_env("ANYDOOR_CONFIG", CONFIG_DEFAULT);
	line->globals.instance = from_env("ANYDOOR_NAME", INSTANCE_DEFAULT);
	if (args_take(global_args, argc, argv, line))
		return EXIT_USAGE;
	if (!instance_name_is_good(line->globals.instance)) {
		log_err("'%s' cannot name an instance: letters, digits, - and _, at most %d",
			line->globals.instance, INSTANCE_NAME_MAX);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

/* The command that runs if the line has none. */
static const char *command_name(const struct line *line, int argc, char **argv)
{
	if (line->version)
		return "version";
	if (argc > 1)
		return argv[1];
	return line->help ? "help" : "status";
}

static int command_run(const struct line *line, int argc, char **argv)
{
	const char *name = command_name(line, argc, argv);
	const struct command *command = command_find(name);
	char *alone[] = { (char *)name, NULL };

	if (!command && name[0] == '-') {
		log_err("unknown option '%s' before the command", name);
		return EXIT_USAGE;
	}
	if (!command)
		return command_unknown(name);
	if (line->help && command->run != cmd_help) {
		help_one(command);
		return EXIT_OK;
	}
	if (command->run == cmd_run && !line->globals.verbose)
		log_set_level(LOG_INFO_);
	if (argc > 1 && name == argv[1])
		return command->run(&line->globals, argc - 1, argv + 1);
	return command->run(&line->globals, 1, alone);
}

int main(int argc, char **argv)
{
	struct line line = { 0 };
	int code;

	confine_memory();
	log_set_level(LOG_WARN_);
	log_adopt_libbpf();
	if (argc < 1 || line_parse(&line, &argc, argv))
		return EXIT_USAGE;
	if (line.globals.verbose)
		log_set_level(LOG_DEBUG_);
	code = command_run(&line, argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		log_err("could not write the answer: %m");
		return code ? code : EXIT_FAILED;
	}
	return code;
}
