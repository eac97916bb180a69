/* tocsin map: try a mapping file outside of a running Tocsin. */
#ifndef TCN_APP_MAP_CLI_H
#define TCN_APP_MAP_CLI_H

/* argv[0] is "map". 0 done; 1 the mapping, its tests or the payload is wrong; 2 wrongly used. */
int tcn_map_cli(int argc, char **argv);

#endif
