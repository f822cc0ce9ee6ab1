/// Every public method as plain HTTP reaches it, and its description. Generated code adds a list for each file.
package enum GeneratedRoutes {}
