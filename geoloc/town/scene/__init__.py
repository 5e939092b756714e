"""What stands in the synthetic town and where: layout, ground, houses, trees and cars as shapes."""
