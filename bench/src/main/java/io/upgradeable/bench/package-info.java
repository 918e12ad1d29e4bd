/**
 * Whole-program benchmarks: {@code bench/run WORKLOAD}. Each server is a process of its own, so
 * that the process clock tells what one side costs.
 */
@NullMarked
package io.upgradeable.bench;

import org.jspecify.annotations.NullMarked;
