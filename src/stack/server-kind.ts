import type { Jdk } from './java.ts';

/** Where one server runs. */
export interface Place {
  /** Name within the stack, such as `kafka-west`. */
  readonly name: string;
  /** Region, or `source`. */
  readonly region: string;
  /** The server's own folder: settings, data, log. Absolute. */
  readonly folder: string;
  /** One port of 127.0.0.1 for each of the kind's `ports`. */
  readonly ports: readonly number[];
  /** A further door for clients that come through a proxy; only Kafka needs one, since it tells its clients its address. */
  readonly proxied?: ProxiedDoor;
}

/** `listen`: port of 127.0.0.1 that the proxy connects to. `advertise` and `host` (127.0.0.1 by default): where the proxy is, which clients are told. */
export interface ProxiedDoor {
  readonly listen: number;
  readonly advertise: number;
  readonly host?: string;
}

/** What Maven and the compiler made of a kind, in the cache. */
export interface Installation {
  readonly folder: string;
  readonly jdk: Jdk;
  /** All jars of the pom, in a fixed order. */
  readonly jars: readonly string[];
}

/** One call of `java`. */
export interface JavaCall {
  readonly jvm: readonly string[];
  readonly classPath: readonly string[];
  readonly main: string;
  readonly arguments: readonly string[];
}

/**
 * A kind of server that a stack can run. Adding one is one file under `servers/`, a folder under `stack/` with its pom
 * when it comes from Maven, and a line in `servers/index.ts`.
 */
export interface ServerKind {
  readonly kind: string;
  /** Folder of the repository with `pom.xml` and what else the server is made of. */
  readonly sources: string;
  /** What its ports are for; the first is the one that clients talk to. */
  readonly ports: readonly string[];
  /** Port of the first of `ports` inside its official container. */
  readonly containerPort: number;
  /** Completes a fresh installation, next to the jars (folder `lib`). */
  readonly complete?: (installation: Installation, sources: string) => Promise<void>;
  /** Writes the settings of a new server into its folder. */
  prepare(place: Place, installation: Installation): Promise<void>;
  /** A call to make once before the first start, such as formatting. */
  readonly format?: (place: Place, installation: Installation) => JavaCall;
  launch(place: Place, installation: Installation): JavaCall;
  /** Whether it serves; `log` is what it has written since this start. */
  isReady(place: Place, log: string): Promise<boolean>;
  /** The address that clients are given for the first port. */
  address(port: number): string;
}
