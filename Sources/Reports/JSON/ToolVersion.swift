/// The version of this package, as reports and `--version` give it.
package let toolVersion = "0.1.0"
